"""The shell's own small actions: theme, dismissed banners, the style guide."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST, require_safe

from portal.context import DISMISSED_KEY, THEME_COOKIE, THEMES
from portal.forms import InvitationForm, TypedNameForm
from portal.models import Role

YEAR_SECONDS = 365 * 24 * 3600


def next_page(request: HttpRequest, default: str = "/") -> str:
    """The page of ours that the form asked to return to, never another site's."""
    asked = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if safe else default


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("theme", "auto")
    response = redirect(next_page(request))
    response.set_cookie(
        THEME_COOKIE,
        chosen if chosen in THEMES else "auto",
        max_age=YEAR_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure(),
    )
    return response


@login_required
@require_POST
def dismiss(request: HttpRequest) -> HttpResponse:
    dismissed = request.session.get(DISMISSED_KEY, [])
    name = request.POST.get("name", "")[:100]
    request.session[DISMISSED_KEY] = [*dismissed[-20:], name]
    return redirect(next_page(request))


STATES = (
    "CREATING",
    "RUNNING",
    "STOPPING",
    "STOPPED",
    "STARTING",
    "UPDATING",
    "FAILED",
    "DELETING",
    "PENDING",
)
SAMPLE = (
    '{\n  "resourceType": "Patient",\n  "gender": "male",\n  "birthDate": "1974-12-25",\n  "active": true\n}'
)


@require_safe
@login_required
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component on one page; development only."""
    if not settings.DEVELOPMENT:
        raise Http404
    bad_form = InvitationForm({"email": "not an address"}, highest=Role.OWNER)
    context = {
        "states": STATES,
        "sample": SAMPLE,
        "form": bad_form,
        "delete_form": TypedNameForm(expected="Acme Health"),
        "now": timezone.now(),
        "curl": 'curl "https://fireside.example/fhir/abc123def456/r4/Patient?gender=male" \\\n  -H "x-api-key: $FHIR_API_KEY"',
    }
    return render(request, "portal/styleguide.html", context)
