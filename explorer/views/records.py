"""/deployments/<id>/data/records/…: the stored records as tables, as pages, and two versions side by side."""

from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from deployments.models import Deployment
from deployments.views.loaded import deployment_view
from explorer import definitions
from explorer.answers.json_tree import render_tree
from explorer.answers.table import bundle_table
from explorer.records import RECORDS_A_PAGE, VERSIONS_SHOWN, Records, Told, query_of, side_by_side
from portal.access import signed_in
from portal.client_address import client_address
from portal.models import Role


def _records(request: HttpRequest, deployment: Deployment) -> Records:
    return Records(deployment, signed_in(request), client_address(request.META))


@require_safe
@never_cache
@deployment_view(Role.WRITE)
def list_records(request: HttpRequest, deployment: Deployment, resource_type: str) -> HttpResponse:
    """`query` is a search as FHIR writes it; `page` the query of a page's link."""
    if not definitions.is_resource_type(resource_type):
        raise Http404
    asked = request.GET.get("query", "").strip().lstrip("?")
    query = request.GET.get("page") or "&".join(filter(None, (asked, f"_count={RECORDS_A_PAGE}")))
    records = _records(request, deployment)
    told = records.get(f"{resource_type}?{quote(query, safe='=&%+:,.$|~_-')}")
    here = reverse("records:type", args=[deployment.pk, resource_type])
    table = None
    if not told.fault:
        table = bundle_table(
            told.body,
            records.address_of,
            lambda url: f"{here}?query={quote(asked, safe='')}&page={quote(query_of(url), safe='')}",
            records.link,
        )
    context = _context(deployment, resource_type, told) | {"asked": asked, "table": table}
    return render(request, "explorer/records.html", context, status=200 if table else _status(told))


@require_safe
@never_cache
@deployment_view(Role.WRITE)
def show_record(
    request: HttpRequest, deployment: Deployment, resource_type: str, logical_id: str
) -> HttpResponse:
    """The record, its versions, and two of them side by side (`left`, `right`)."""
    records = _records(request, deployment)
    if not records.address_of(resource_type, logical_id):
        raise Http404
    here = f"{resource_type}/{logical_id}"
    told = records.get(here)
    history = records.get(f"{here}/_history?_count={VERSIONS_SHOWN}")
    versions = _versions(history)
    left, right = request.GET.get("left", ""), request.GET.get("right", "")
    compared = [
        version["resource"] for name in (left, right) for version in versions if version["id"] == name
    ]
    tree = render_tree(told.body, definitions.json_scalar, records.link) if not told.fault else ""
    context = _context(deployment, resource_type, told) | {
        "logical_id": logical_id,
        "record": told.body,
        "tree": mark_safe(tree),  # noqa: S308  the tree escapes every value
        "versions": versions,
        "left": left or (versions[1]["id"] if len(versions) > 1 else ""),
        "right": right or (versions[0]["id"] if versions else ""),
        "pairs": side_by_side(*compared) if len(compared) == 2 else None,
    }
    return render(request, "explorer/record.html", context, status=200 if versions else _status(told))


def _context(deployment: Deployment, resource_type: str, told: Told) -> dict[str, Any]:
    return {"deployment": deployment, "resource_type": resource_type, "told": told}


def _status(told: Told) -> int:
    """A page about nothing says so; what the server could not do is no fault of the address."""
    return 404 if told.status in (404, 410) else 200


def _versions(history: Told) -> list[dict[str, Any]]:
    """Newest first. A deletion has no resource, and so nothing to compare."""
    versions = []
    for entry in history.body.get("entry") or ():
        resource, response = entry.get("resource") or {}, entry.get("response") or {}
        meta = resource.get("meta") or {}
        versions.append(
            {
                "id": str(meta.get("versionId", "") or str(response.get("etag", "")).strip('W/"')),
                "updated": str(meta.get("lastUpdated", "") or response.get("lastModified", ""))[:19],
                "method": str((entry.get("request") or {}).get("method", "")),
                "resource": resource,
            }
        )
    return versions
