"""The operator's side, for `is_staff` only: everyone else finds nothing here."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from portal.access import signed_in
from portal.models import User
from portal.operator import list_all_tenants, list_sections
from portal.services.prices import change_prices, price_forms

TENANTS_A_PAGE = 50


def _operator(request: HttpRequest) -> User:
    user = signed_in(request)
    if not user.is_staff:
        raise Http404("Not found")
    return user


@login_required
def plans(request: HttpRequest) -> HttpResponse:
    """The terms of the plans and the prices: they hold from now on, hours that are noted keep theirs."""
    user = _operator(request)
    forms = price_forms(request.POST or None)
    if request.method == "POST" and all(form.is_valid() for form in forms.values()):
        change_prices(forms, actor=user)
        messages.success(request, "Plans and prices are saved. They hold from now on.")
        return redirect("portal:operator-plans")
    return render(
        request, "portal/operator_plans.html", {"forms": forms}, status=422 if request.POST else 200
    )


@login_required
@require_safe
def operator(request: HttpRequest) -> HttpResponse:
    _operator(request)
    search = request.GET.get("q", "").strip()[:80]
    context = {
        "page": Paginator(list_all_tenants(search), TENANTS_A_PAGE).get_page(request.GET.get("page")),
        "search": search,
        "sections": list_sections(),
    }
    return render(request, "portal/operator.html", context)
