"""batch: every entry on its own; one that fails does not touch the others. https://hl7.org/fhir/R4/http.html#transaction"""

from base64 import b64decode
from collections.abc import Callable
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import msgspec

from fhirserver.bundles import bundle
from fhirserver.characters import require_no_nul
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.instants import instant_range
from fhirserver.limits import MAX_BUNDLE_ENTRIES
from fhirserver.negotiation import JSON_TYPE
from fhirserver.outcomes import BadRequest, FhirError, LimitExceeded
from fhirserver.representation import read_resource
from fhirserver.responses import error_response, json_response
from fhirserver.search.query import read_query
from fhirserver.store import Store
from fhirspec import json

_encode = msgspec.json.encode
_OUTCOME = b'{"resourceType":"OperationOutcome","issue"'
# Of a transaction's own writes no interaction is told.
_WRITES = ("", "create", "update", "patch", "delete")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_REASONS = {one.value: one.phrase for one in HTTPStatus}
Answer = Callable[[FhirRequest, Store], FhirResponse]


def read_bundle(request: FhirRequest) -> dict[str, Any]:
    """The Bundle in the body, its entries within the limit. Raises BadRequest, LimitExceeded."""
    found = read_resource(request)
    if found["resourceType"] != "Bundle":
        raise BadRequest(f"Only a Bundle can be sent to the base, not a {found['resourceType']}.")
    if found.get("type") not in ("batch", "transaction"):
        raise BadRequest(
            f"Bundle.type must be batch or transaction; it is {found.get('type')}.", "Bundle.type"
        )
    entries = found.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BadRequest("Bundle.entry is not a list of entries.", "Bundle.entry")
    if len(entries) > MAX_BUNDLE_ENTRIES:
        raise LimitExceeded(
            f"The Bundle has {len(entries)} entries; {MAX_BUNDLE_ENTRIES} are allowed (MAX_BUNDLE_ENTRIES)."
        )
    return found


def batch(request: FhirRequest, store: Store, found: dict[str, Any], answer: Answer) -> FhirResponse:
    """`answer` is the engine's own way from a request to a response."""
    entries = [
        _answered(request, store, entry, number, answer)
        for number, entry in enumerate(found.get("entry", []))
    ]
    return json_response(bundle("batch-response", entries))


def _answered(
    request: FhirRequest, store: Store, entry: dict[str, Any], number: int, answer: Answer
) -> bytes:
    try:
        asked = entry_request(request, entry, f"Bundle.entry[{number}]")
        require_no_nul(asked)
        response = read_or_written(asked, store, answer)
    except FhirError as error:
        response = error_response(error)
    return response_entry(response)


def read_or_written(asked: FhirRequest, store: Store, answer: Answer) -> FhirResponse:
    """An entry's answer; that to HEAD is the one to GET without its body."""
    if asked.method != "HEAD":
        return answer(asked, store)
    asked.method = "GET"
    response = answer(asked, store)
    response.body = b""
    return response


def entry_request(request: FhirRequest, entry: dict[str, Any], path: str) -> FhirRequest:
    """The request that an entry stands for. Raises BadRequest naming the entry."""
    asked = entry.get("request")
    if not isinstance(asked, dict) or asked.get("method") not in _METHODS:
        raise BadRequest(f"{path}.request needs a method of {', '.join(_METHODS)}.", f"{path}.request.method")
    if not isinstance(asked.get("url"), str):
        raise BadRequest(f"{path}.request needs a url.", f"{path}.request.url")
    url = asked["url"].removeprefix(request.base_url).lstrip("/")
    address, _, query = url.partition("?")
    if not address and asked["method"] == "POST":
        raise BadRequest(f"{path} would send a Bundle within a Bundle.", f"{path}.request.url")
    headers = {"prefer": request.header("prefer"), "content-type": JSON_TYPE}
    for name, element in _CONDITIONS.items():
        if asked.get(element):
            headers[name] = str(asked[element])
    if "if-modified-since" in headers:
        # In a Bundle it is an instant, in HTTP a date.
        since, _ = instant_range("ifModifiedSince", headers["if-modified-since"])
        headers["if-modified-since"] = formatdate(since // 1_000_000, usegmt=True)
    body = b""
    if "resource" in entry:
        _require_binary(entry["resource"], asked["method"], address, path)
        body, headers["content-type"] = _body(entry["resource"], asked["method"], path)
    return FhirRequest(asked["method"], address, read_query(query), headers, body, request.base_url)


def _require_binary(resource: Any, method: str, address: str, path: str) -> None:
    """Content as it is needs a request of its own: in a Bundle it comes within its Binary."""
    is_write = method in ("POST", "PUT") and address.partition("/")[0] == "Binary"
    if is_write and (not isinstance(resource, dict) or resource.get("resourceType") != "Binary"):
        raise BadRequest(f"{path}.resource must be a Binary, as the url says.", f"{path}.resource")


_CONDITIONS = {
    "if-match": "ifMatch",
    "if-none-match": "ifNoneMatch",
    "if-none-exist": "ifNoneExist",
    "if-modified-since": "ifModifiedSince",
}


def _body(resource: Any, method: str, path: str) -> tuple[bytes, str]:
    """A patch that is no resource comes inside a Binary, all else as itself. Raises BadRequest for data that is no base64."""
    if method == "PATCH" and isinstance(resource, dict) and resource.get("resourceType") == "Binary":
        try:
            content = b64decode("".join(resource.get("data", "").split()), validate=True)
        except (AttributeError, ValueError):
            raise BadRequest(f"{path}.resource.data is not base64.", f"{path}.resource.data") from None
        return content, str(resource.get("contentType"))
    return json.encode(resource), JSON_TYPE


def response_entry(response: FhirResponse) -> bytes:
    """One entry of the answering Bundle."""
    reason = _REASONS.get(response.status, "")
    told = {"status": f"{response.status} {reason}".strip()}
    for name, element in (("Location", "location"), ("ETag", "etag")):
        if name in response.headers:
            told[element] = response.headers[name]
    if "Last-Modified" in response.headers:
        told["lastModified"] = _instant(response.headers["Last-Modified"])
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    is_told_of = response.interaction in _WRITES and body.startswith(_OUTCOME)
    if body and (response.status >= 400 or is_told_of):
        return b'{"response":' + _encode(told)[:-1] + b',"outcome":' + body + b"}}"
    if body:
        return b'{"resource":' + body + b',"response":' + _encode(told) + b"}"
    return b'{"response":' + _encode(told) + b"}"


@lru_cache(maxsize=64)
def _instant(http_date: str) -> str:
    return parsedate_to_datetime(http_date).strftime("%Y-%m-%dT%H:%M:%SZ")
