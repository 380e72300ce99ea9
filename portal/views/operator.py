"""The operator's side, for `is_staff` only: everyone else finds nothing here."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from portal.access import operator_view
from portal.features import list_features, switch_features
from portal.models import User
from portal.operator import list_all_tenants, list_sections
from portal.services.prices import change_prices, price_forms

TENANTS_A_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@operator_view
def plans(request: HttpRequest, user: User) -> HttpResponse:
    """The terms of the plans and the prices: they hold from now on, hours that are noted keep theirs."""
    forms = price_forms(request.POST or None)
    if request.method == "POST" and all(form.is_valid() for form in forms.values()):
        change_prices(forms, actor=user)
        messages.success(request, "Plans and prices are saved. They hold from now on.")
        return redirect("portal:operator-plans")
    return render(
        request, "portal/operator_plans.html", {"forms": forms}, status=422 if request.POST else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@operator_view
def features(request: HttpRequest, user: User) -> HttpResponse:
    """What is ticked is on; it holds for the next request."""
    if request.method == "POST":
        switch_features(request.POST.getlist("on"), actor=user)
        messages.success(request, "The switches are set.")
        return redirect("portal:operator-features")
    return render(request, "portal/operator_features.html", {"features": list_features()})


@require_safe
@operator_view
def operator(request: HttpRequest, user: User) -> HttpResponse:
    search = request.GET.get("q", "").strip()[:80]
    context = {
        "page": Paginator(list_all_tenants(search), TENANTS_A_PAGE).get_page(request.GET.get("page")),
        "search": search,
        "sections": list_sections(),
    }
    return render(request, "portal/operator.html", context)
