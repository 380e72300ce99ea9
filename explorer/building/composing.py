"""Entries of a batch or transaction, made from requests: https://hl7.org/fhir/R4/http.html#transaction"""

import base64
import uuid
from collections.abc import Iterable
from typing import Any

from explorer.building.outgoing import Outgoing
from fhirspec.json import decode
from fhirspec.patch import JSON_PATCH_TYPE, MERGE_PATCH_TYPE
from fhirspec.xml import from_xml

Json = dict[str, Any]


class NotAnEntry(ValueError):
    """The request cannot be one of a Bundle; the message says why."""


def bundle_entry(request: Outgoing, base: str) -> Json:
    """The entry that does what `request` does. Raises NotAnEntry."""
    url = request.url.removeprefix(base).lstrip("/")
    headers = dict(request.headers)
    method = request.method
    if url.endswith("/_search") and method == "POST":
        method, url = "GET", f"{url.removesuffix('/_search')}?{request.body}".rstrip("?")
    elif not url:
        raise NotAnEntry("A Bundle cannot be an entry of another one.")
    asked = {"method": method, "url": url}
    for header, name in (
        ("If-Match", "ifMatch"),
        ("If-None-Exist", "ifNoneExist"),
        ("If-None-Match", "ifNoneMatch"),
    ):
        if header in headers:
            asked[name] = headers[header]
    entry: Json = {"fullUrl": f"urn:uuid:{uuid.uuid4()}"} if method == "POST" and "$" not in url else {}
    if method in ("POST", "PUT", "PATCH"):
        entry["resource"] = _resource(request.body, headers.get("Content-Type", ""))
    return {**entry, "request": asked}


def _resource(body: str, media_type: str) -> Json:
    if media_type in (JSON_PATCH_TYPE, MERGE_PATCH_TYPE):
        data = base64.b64encode(body.encode()).decode()
        return {"resourceType": "Binary", "contentType": media_type, "data": data}
    try:
        resource = from_xml(body.strip().encode()) if body.lstrip()[:1] == "<" else decode(body.encode())
    except ValueError:
        raise NotAnEntry("The body is neither JSON nor FHIR XML.") from None
    if not isinstance(resource, dict):
        raise NotAnEntry("The body is not a resource.")
    return resource


def compose(kind: str, entries: Iterable[Json]) -> Json:
    """The Bundle; `kind` is batch or transaction."""
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
