"""Pages of patients and clinicians outside an application's request: connected applications, sign-out, password."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from oauthlib.common import add_params_to_uri

from credentials.models import AuthenticationServer, OAuthApplication, ServerUser
from smart.connections import disconnect as disconnect_application
from smart.connections import list_connections
from smart.http import server_view
from smart.id_tokens import read_id_token_hint
from smart.sessions import sign_in, sign_out, signed_in_user
from smart.users import authenticate, set_password, set_password_tokens
from smart.views.authorize import AppRedirect

_LOGOUT_FIELDS = ("id_token_hint", "post_logout_redirect_uri", "state", "client_id")


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
@server_view
def apps(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """What each application may see, when it last did, and a button that ends it. Signs in first."""
    user = signed_in_user(request, server.deployment_id)
    context: dict[str, Any] = {"deployment": server.deployment, "person": user}
    if user is not None:
        return render(request, "smart/apps.html", context | {"connections": list_connections(user)})
    if request.method != "POST":
        return render(request, "smart/sign_in.html", context)
    username = request.POST.get("username", "")[:150]
    found = authenticate(server.deployment, username, request.POST.get("password", ""), request)
    if isinstance(found, ServerUser):
        sign_in(request, found)
        return redirect("smart:apps", server.deployment_id)
    context |= {"username": username, "problem": found.message}
    return render(request, "smart/sign_in.html", context, status=429 if found.wait else 403)


@require_POST
@server_view
def disconnect(request: HttpRequest, server: AuthenticationServer, application_id: int) -> HttpResponse:
    """Effective at once."""
    user = signed_in_user(request, server.deployment_id)
    if user is not None and disconnect_application(user, application_id):
        name = OAuthApplication.objects.get(pk=application_id).name
        messages.success(request, f"{name} is disconnected. It can no longer see anything.")
    return redirect("smart:apps", server.deployment_id)


@require_POST
@server_view
def leave(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """The sign-out button of these pages."""
    sign_out(request, server.deployment_id)
    return render(request, "smart/sign_out.html", {"deployment": server.deployment, "done": True})


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
@server_view
def logout(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """OpenID Connect RP-Initiated Logout: at once with a valid id_token_hint of this person, else after a question.

    The only redirect is to a logout address that the application registered, exactly.
    """
    sent = request.POST if request.method == "POST" else request.GET
    hint = read_id_token_hint(sent.get("id_token_hint", ""), server.deployment_id) or {}
    user = signed_in_user(request, server.deployment_id)
    client_id = str(hint.get("aud") or sent.get("client_id", ""))
    application = server.applications.filter(client_id=client_id).first()
    meant = user is None or hint.get("sub") == f"user-{user.pk}"
    confirmed = request.method == "POST" and request.session.pop("logout_asked", False)
    if not meant and not (confirmed and sent.get("confirmed") == "yes"):
        return _ask(request, server, application)
    sign_out(request, server.deployment_id)
    address = sent.get("post_logout_redirect_uri", "")
    if application is not None and address in application.logout_uris:
        state = [("state", sent["state"])] if sent.get("state") else []
        return AppRedirect(add_params_to_uri(address, state))
    return render(request, "smart/sign_out.html", {"deployment": server.deployment, "done": True})


def _ask(
    request: HttpRequest, server: AuthenticationServer, application: OAuthApplication | None
) -> HttpResponse:
    """The answer must come from this page: the session remembers that it was asked (SameSite keeps others out)."""
    request.session["logout_asked"] = True
    sent = request.POST if request.method == "POST" else request.GET
    context = {
        "deployment": server.deployment,
        "person": signed_in_user(request, server.deployment_id),
        "application_name": application.name if application else "",
        "fields": [(name, sent[name]) for name in _LOGOUT_FIELDS if sent.get(name)],
    }
    return render(request, "smart/sign_out.html", context)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@server_view
def choose_password(
    request: HttpRequest, server: AuthenticationServer, user_id: int, token: str
) -> HttpResponse:
    """The link of an invitation or a reset."""
    user = ServerUser.objects.filter(pk=user_id, deployment=server.deployment, enabled=True).first()
    context = {"deployment": server.deployment, "user": user}
    if user is None or not set_password_tokens.check_token(user, token):  # type: ignore[arg-type]  # any base user
        return render(request, "smart/set_password.html", context | {"invalid": True}, status=404)
    if request.method == "GET":
        answer = render(request, "smart/set_password.html", context)
        # Not no-referrer: browsers would then send the form with the origin null, which the check of its token refuses.
        answer["Referrer-Policy"] = "same-origin"
        return answer
    try:
        set_password(user, request.POST.get("password", ""))
    except ValidationError as error:
        return render(request, "smart/set_password.html", context | {"problems": error.messages}, status=422)
    sign_in(request, user)
    return redirect("smart:apps", server.deployment_id)
