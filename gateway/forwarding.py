"""Connected servers: a request that the door let in is sent on to the deployment's upstream, with the credential stored
for it. Our keys, limits and log hold; absolute addresses are rewritten both ways, so that links lead through the door.

A grant that is confined to a patient or a search cannot be enforced on data that lies elsewhere: it is refused.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote

import httpx

from fhirserver.access import ALL_INTERACTIONS, ANY_TYPE, AccessGrant
from fhirserver.http import FhirResponse
from gateway.endpoints import Endpoint
from gateway.inbound import Inbound, parse_query
from gateway.needs import interaction_and_need
from gateway.outcomes import outcome
from gateway.refusals import CONNECTED
from portal.outbound import AddressRefused, OutboundError, stream
from portal.secrets import decrypt

TIMEOUT = 60.0  # seconds
_SENT = (
    "accept",
    "content-type",
    "content-encoding",
    "prefer",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-none-exist",
)
_RETURNED = (
    "content-type",
    "etag",
    "last-modified",
    "location",
    "content-location",
    "retry-after",
    "x-progress",
)
_WITH_ADDRESSES = frozenset({"location", "content-location"})
# These bring other types into an answer, or let it depend on them.
_REACHING = ("_include", "_revinclude", "_has", "_contained", "_list", "_filter", "_query")
_SAFE_IN_PATH = "/$:@!'()*+,;=~"


def forward(request: Inbound, endpoint: Endpoint, grant: AccessGrant) -> FhirResponse:
    """The upstream's answer, streamed. Raises MalformedRequest and BodyTooLarge like every reading of a request."""
    if any(part in ("..", ".") for part in request.path.split("/")) or "\\" in request.path:
        return outcome(404, "not-found", "There is nothing at this path.")
    body = request.body(endpoint.largest_body) if request.method in ("POST", "PUT", "PATCH") else b""
    refused = refuse_unenforceable(request, body, grant)
    if refused is not None:
        return refused
    own, theirs = request.base_url().encode(), endpoint.upstream.rstrip("/").encode()
    headers = {name: request.headers[name] for name in _SENT if name in request.headers}
    headers |= _credential(endpoint)
    query = request.query_string.replace(own.decode(), theirs.decode())
    url = f"{theirs.decode()}/{quote(request.path, safe=_SAFE_IN_PATH)}" + (f"?{query}" if query else "")
    opened = ExitStack()
    try:
        answer = opened.enter_context(
            stream(
                url,
                method=request.method,
                headers=headers,
                content=body.replace(own, theirs),
                timeout=TIMEOUT,
            )
        )
    except AddressRefused as error:
        return outcome(502, "security", str(error))
    except OutboundError:
        return outcome(502, "transient", "The connected server cannot be reached.", {"Retry-After": "5"})
    if answer.status_code == 401:
        opened.close()
        return outcome(502, "security", "The connected server refused the credential that is stored for it.")
    interaction, _ = interaction_and_need(request.method, request.path)
    parts = _rewritten(answer.iter_bytes(), theirs, own)
    return FhirResponse(
        answer.status_code, _headers(answer, theirs, own), _closing(parts, opened), interaction or "operation"
    )


def refuse_unenforceable(request: Inbound, body: bytes, grant: AccessGrant) -> FhirResponse | None:
    """403 unless the grant, as it is, covers all that the request can do on the other side."""
    if request.path == "metadata" and request.method in ("GET", "HEAD"):
        return None
    _, needed = interaction_and_need(request.method, request.path)
    if "$" in request.path:
        # What an operation reads or changes is the upstream's matter.
        needed = ""
    if needed:
        resource_type, _, letter = needed.rpartition(".")
        if not grant.is_unconfined(resource_type, letter):
            return _forbidden(grant, resource_type, letter)
        if letter not in "rs" or not _reaches_other_types(request, body):
            return None
    letters = "rs" if needed or request.method in ("GET", "HEAD") else "".join(sorted(ALL_INTERACTIONS))
    missing = next((letter for letter in letters if not grant.is_unconfined(ANY_TYPE, letter)), None)
    return None if missing is None else _forbidden(grant, ANY_TYPE, missing)


def _reaches_other_types(request: Inbound, body: bytes) -> bool:
    names = [name for name, _ in request.query()]
    if request.method == "POST":
        names += [name for name, _ in parse_query(body.decode("utf-8", "replace"))]
    return any(name.startswith(_REACHING) or "." in name for name in names)


def _forbidden(grant: AccessGrant, resource_type: str, letter: str) -> FhirResponse:
    if grant.allows(resource_type, letter):
        why = "it is confined to a patient or a search, which cannot be enforced on a connected server"
    else:
        why = f"it lacks {resource_type}.{letter}"
    refused = outcome(403, "forbidden", f"This credential may not do that: {why}.")
    refused.missing = f"{resource_type}.{letter}"
    refused.check = CONNECTED if grant.allows(resource_type, letter) else ""
    return refused


def _credential(endpoint: Endpoint) -> dict[str, str]:
    """The stored credential is one header: `Authorization: Bearer …`, `x-api-key: …`."""
    stored = endpoint.deployment.upstream_credential
    if not stored:
        return {}
    name, _, value = decrypt(stored).partition(":")
    return {name.strip().lower(): value.strip()}


def _headers(answer: httpx.Response, theirs: bytes, own: bytes) -> dict[str, str]:
    headers = {}
    for name in _RETURNED:
        value = answer.headers.get(name)
        if value is not None:
            rewritten = value.replace(theirs.decode(), own.decode()) if name in _WITH_ADDRESSES else value
            headers[name.title() if name != "etag" else "ETag"] = rewritten
    return headers


def _rewritten(parts: Iterator[bytes], old: bytes, new: bytes) -> Iterator[bytes]:
    """The parts with each `old` replaced, also where it lies across two of them."""
    kept = b""
    for part in parts:
        text = (kept + part).replace(old, new)
        end = max(len(text) - len(old) + 1, 0)
        # `new` may end in what begins `old`: only what was read last can still complete it.
        kept = text[end:]
        if end:
            yield text[:end]
    if kept:
        yield kept


def _closing(parts: Iterator[bytes], opened: ExitStack) -> Iterator[bytes]:
    with opened:
        yield from parts
