"""Connected servers: a request that the door let in is sent on to the deployment's upstream, with the credential stored
for it. Our keys, limits and log hold; addresses are rewritten both ways (`readdressing`), so that links lead through the door.

A grant that is confined to a patient or a search cannot be enforced on data that lies elsewhere: it is refused (`reach`).
"""

from contextlib import ExitStack
from urllib.parse import quote, urljoin

import httpx

from deployments.upstream_credentials import CredentialFault, forget_token, header_of
from fhirserver.access import AccessGrant
from fhirserver.http import FhirResponse
from gateway import relaying
from gateway.endpoints import Endpoint
from gateway.inbound import Inbound
from gateway.needs import interaction_and_need
from gateway.outcomes import outcome
from gateway.reach import refuse_unenforceable
from gateway.readdressing import Readdressing
from gateway.upstream_metadata import merged_statement, query_of_metadata
from portal.outbound import AddressRefused, OutboundBusy, OutboundError, OutboundTimeout, stream

TIMEOUT = 60.0  # seconds, until the headers are there and between two parts of the body
_SENT = (
    *("accept", "content-type", "prefer"),
    *("if-match", "if-none-match", "if-modified-since", "if-none-exist"),
)
_FORM = "application/x-www-form-urlencoded"
_SAFE_IN_PATH = "/$:@!'()*+,;=~"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def forward(request: Inbound, endpoint: Endpoint, grant: AccessGrant) -> FhirResponse:
    """The upstream's answer, streamed. Raises MalformedRequest and BodyTooLarge like every reading of a request."""
    if any(part in ("..", ".") for part in request.path.split("/")) or "\\" in request.path:
        return outcome(404, "not-found", "There is nothing at this path.")
    body = request.body(endpoint.largest_body) if request.method in ("POST", "PUT", "PATCH") else b""
    refused = refuse_unenforceable(request, body, grant)
    if refused is not None:
        return refused
    interaction, _ = interaction_and_need(request.method, request.path)
    opened = ExitStack()
    try:
        response = _exchange(request, endpoint, body, opened)
    except OutboundBusy:
        response = _unreached("The connected server is slow, and others wait for it already.", 503)
    except AddressRefused as error:
        response = outcome(502, "security", str(error))
    except CredentialFault as error:
        response = outcome(502, "security", f"{error} Its team can give it anew under Settings.")
    except OutboundTimeout:
        response = _unreached(f"The connected server did not answer in {TIMEOUT:g} seconds.", 504)
    except OutboundError:
        response = _unreached("The connected server cannot be reached.", 502)
    if isinstance(response.body, bytes):
        opened.close()
    response.interaction = interaction or "operation"
    return response


def _unreached(text: str, status: int) -> FhirResponse:
    return outcome(status, "transient", text, {"Retry-After": "5"})


def _exchange(request: Inbound, endpoint: Endpoint, body: bytes, opened: ExitStack) -> FhirResponse:
    own, theirs = request.base_url(), endpoint.upstream.rstrip("/")
    to_theirs = Readdressing([own], theirs)
    to_ours = Readdressing([theirs, *endpoint.other_addresses], own)
    url = _url(request, theirs, to_theirs)
    headers = {name: request.headers[name] for name in _SENT if name in request.headers}
    headers |= {"X-Request-Id": request.headers["x-request-id"]} if "x-request-id" in request.headers else {}
    if "if-none-exist" in headers:
        headers["if-none-exist"] = to_theirs.query(headers["if-none-exist"])
    if _is_metadata(request):
        headers["accept"] = "application/fhir+json, application/fhir+xml;q=0.9, application/json;q=0.8"
    answer = _send(request.method, url, headers, _readdressed(request, body, to_theirs), endpoint, opened)
    if answer.status_code == 401:
        return outcome(502, "security", "The connected server refused the credential that is stored for it.")
    if answer.status_code in _REDIRECTS:
        return _redirected(answer, url, to_ours)
    if _is_metadata(request) and answer.status_code == 200:
        return merged_statement(request, answer, own)
    return relaying.relayed(request.method, answer, to_ours, opened)


def _send(
    method: str, url: str, headers: dict[str, str], body: bytes, endpoint: Endpoint, opened: ExitStack
) -> httpx.Response:
    """A token that the upstream does not take any more is fetched anew, once."""
    sealed = endpoint.deployment.upstream_credential
    for _ in range(2):
        sent = headers | header_of(sealed)
        with ExitStack() as attempt:
            answer = attempt.enter_context(
                stream(url, method=method, headers=sent, content=body or None, timeout=TIMEOUT)
            )
            if answer.status_code != 401 or not forget_token(sealed):
                opened.push(attempt.pop_all())
                return answer
    return answer


def _url(request: Inbound, theirs: str, to_theirs: Readdressing) -> str:
    path = quote(request.path, safe=_SAFE_IN_PATH)
    query = query_of_metadata(request) if _is_metadata(request) else to_theirs.query(request.query_string)
    return theirs + (f"/{path}" if path else "") + (f"?{query}" if query else "")


def _is_metadata(request: Inbound) -> bool:
    return request.path == "metadata" and request.method == "GET"


def _readdressed(request: Inbound, body: bytes, to_theirs: Readdressing) -> bytes:
    kind = request.headers.get("content-type", "")
    if kind.startswith(_FORM):
        return to_theirs.query(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    return to_theirs.whole(body, kind)


def _redirected(answer: httpx.Response, url: str, to_ours: Readdressing) -> FhirResponse:
    """Within the upstream's own base the client may follow it, through the door."""
    target = urljoin(url, answer.headers.get("location", ""))
    moved = to_ours.text(target)
    if moved == target:
        return outcome(
            502, "transient", "The connected server sends on to another server, which is not followed."
        )
    return FhirResponse(answer.status_code, {"Location": moved}, b"")
