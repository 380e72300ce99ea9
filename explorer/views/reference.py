"""Reference pages: data types, elements of the schema tree, codes of value sets, the palette's finds."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from explorer import definitions
from explorer.bench import Bench
from explorer.definitions.versions import version_lenses
from explorer.foreign import list_servers
from explorer.palette import find_all
from explorer.schema.must_support import marks_of
from explorer.schema.tree import schema_rows
from explorer.targets import Target
from explorer.views.fragments import wants_part
from explorer.views.frame import frame
from explorer.views.loaded import target_view
from portal.access import signed_in


@target_view
@require_GET
def datatype(request: HttpRequest, deployment: Target, name: str) -> HttpResponse:
    """A data type: what it is and what it is made of."""
    if not definitions.is_data_type(name):
        raise Http404
    context = {"facts": definitions.type_facts(name), "rows": schema_rows(name)}
    return _page(request, deployment, "explorer/datatype.html", context)


@target_view
@require_GET
def versions(request: HttpRequest, deployment: Target, resource_type: str) -> HttpResponse:
    """The same resource in R4B and R5: what is new, gone or changed."""
    if not definitions.is_resource_type(resource_type):
        raise Http404
    context = {"name": resource_type, "lenses": version_lenses(resource_type)}
    if wants_part(request):
        return render(request, "explorer/lenses.html", context)
    return _page(request, deployment, "explorer/versions.html", context)


@target_view
@require_GET
def elements(request: HttpRequest, deployment: Target, path: str) -> HttpResponse:
    """The elements below one element: rows for the tree, or a page of their own without JavaScript."""
    try:
        context: dict[str, Any] = {"rows": schema_rows(path), "path": path}
    except KeyError:
        raise Http404 from None
    context["marks"] = marks_of(deployment, path.partition(".")[0])
    if wants_part(request):
        return render(request, "explorer/schema_rows.html", {"deployment": deployment, **context})
    context["root"] = path.partition(".")[0]
    return _page(request, deployment, "explorer/elements.html", context)


@target_view
@require_GET
def codes(request: HttpRequest, deployment: Target) -> HttpResponse:
    """The codes of a value set, searchable."""
    found = definitions.list_codes(request.GET.get("url", ""))
    if found is None:
        raise Http404
    wanted = request.GET.get("q", "").strip().lower()
    chosen = [each for each in found.codes if wanted in each.code.lower() or wanted in each.display.lower()]
    context = {"list": found, "codes": chosen[:200], "count": len(chosen), "q": request.GET.get("q", "")}
    if wants_part(request):
        return render(request, "explorer/code_rows.html", {"deployment": deployment, **context})
    return _page(request, deployment, "explorer/codes.html", context)


@target_view
@require_GET
def find(request: HttpRequest, deployment: Target) -> JsonResponse:
    """Everything the palette can go to: resource types, operations of the present one, pages."""
    kind = request.GET.get("type", "")
    bench = Bench(deployment, kind if definitions.is_resource_type(kind) else "")
    return JsonResponse({"items": find_all(bench, list_servers(signed_in(request)))})


def _page(request: HttpRequest, deployment: Target, template: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, {**frame(request, deployment), **context})
