"""The operator's side, for `is_staff` only: everyone else finds nothing here."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.access import signed_in
from portal.operator import list_all_tenants, list_sections

TENANTS_A_PAGE = 50


@login_required
@require_safe
def operator(request: HttpRequest) -> HttpResponse:
    if not signed_in(request).is_staff:
        raise Http404("Not found")
    search = request.GET.get("q", "").strip()[:80]
    context = {
        "page": Paginator(list_all_tenants(search), TENANTS_A_PAGE).get_page(request.GET.get("page")),
        "search": search,
        "sections": list_sections(),
    }
    return render(request, "portal/operator.html", context)
