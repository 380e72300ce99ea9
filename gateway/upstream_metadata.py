"""The CapabilityStatement of a connected server, with our own address and our own security in the place of its."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.capabilities import security_of
from fhirserver.negotiation import JSON_TYPE, form_of
from fhirserver.outcomes import FhirError
from fhirserver.representation import present
from fhirspec import json
from fhirspec.xml import from_xml
from gateway.inbound import Inbound
from gateway.outcomes import outcome
from smart.discovery import oauth_uris_of

LARGEST = 20_000_000
_OURS_TO_ANSWER = ("_format", "_pretty")


def query_of_metadata(request: Inbound) -> str:
    """The upstream is not asked for a form: the statement is read here."""
    pairs = parse_qsl(request.query_string, keep_blank_values=True)
    return urlencode([pair for pair in pairs if pair[0] not in _OURS_TO_ANSWER])


def merged_statement(request: Inbound, answer: httpx.Response, own: str) -> FhirResponse:
    asked = FhirRequest(
        request.method, request.path, request.query(), {"accept": request.headers.get("accept", "")}
    )
    try:
        form = form_of(asked)
    except FhirError as error:
        return outcome(error.status, error.code, str(error))
    statement = _read(answer)
    if statement is None:
        return outcome(502, "transient", "The connected server's /metadata is no CapabilityStatement.")
    if statement["resourceType"] == "CapabilityStatement":
        _merge(statement, own, oauth_uris_of(request.deployment_id))
    response = FhirResponse(200, {"Content-Type": JSON_TYPE}, json.encode(statement))
    present(asked, response, form)
    return response


def _read(answer: httpx.Response) -> dict[str, Any] | None:
    body = bytearray()
    for part in answer.iter_bytes():
        body += part
        if len(body) > LARGEST:
            return None
    try:
        is_xml = bytes(body[:200]).lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
        found: Any = from_xml(bytes(body)) if is_xml else json.decode(bytes(body))
    except (ValueError, RecursionError):
        return None
    known = ("CapabilityStatement", "TerminologyCapabilities")
    return found if isinstance(found, dict) and found.get("resourceType") in known else None


def _merge(statement: dict[str, Any], own: str, oauth_uris: tuple[tuple[str, str], ...]) -> None:
    implementation = statement.get("implementation")
    told = implementation if isinstance(implementation, dict) else {}
    statement["implementation"] = {"description": "A connected FHIR server", **told, "url": own}
    rests = statement.get("rest")
    for rest in rests if isinstance(rests, list) else ():
        if isinstance(rest, dict) and rest.get("mode", "server") == "server":
            rest["security"] = security_of(oauth_uris)
