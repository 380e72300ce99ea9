"""What a deployment says of itself: its CapabilityStatement, fetched through the door and remembered briefly."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from explorer.building.outgoing import MEDIA_TYPES, Outgoing
from explorer.foreign import addressed, held_for
from explorer.models import ForeignServer
from explorer.sending import Answer, send
from explorer.targets import Target
from fhirspec.xml import from_xml
from portal.outbound import OutboundError

REMEMBERED_SECONDS = 30.0
LARGEST_STATEMENT = 20_000_000
_NOT_IN_THIS_FORMAT = (400, 406, 415)


@dataclass(frozen=True)
class Capabilities:
    """`rest` is `CapabilityStatement.rest` of mode server; `resources` its resources by type.

    `problem` says why there is no statement; then both are empty.
    """

    rest: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, dict[str, Any]] = field(default_factory=dict)
    software: str = ""
    fhir_version: str = ""
    formats: tuple[str, ...] = ()
    problem: str = ""


# Each web process keeps its own few; a statement that changed is seen after REMEMBERED_SECONDS.
_remembered: dict[tuple[str, str], tuple[float, Capabilities]] = {}


def get_capabilities(target: Target, base: str) -> Capabilities:
    """The capabilities of a deployment, or of a server elsewhere. A state change is seen at once, another change within half a minute."""
    key = (target.pk, target.opened.isoformat() if isinstance(target, ForeignServer) else target.state)
    found = _remembered.get(key)
    if found and found[0] > time.monotonic():
        return found[1]
    capabilities = _fetch_outside(target) if isinstance(target, ForeignServer) else _fetch(base)
    if len(_remembered) > 200:
        _remembered.clear()
    if not capabilities.problem:
        _remembered[key] = (time.monotonic() + REMEMBERED_SECONDS, capabilities)
    return capabilities


def _fetch(base: str) -> Capabilities:
    request = Outgoing("GET", f"{base}/metadata", (("Accept", MEDIA_TYPES["json"]),), secret=None)
    return _read_answer(send(request, "", "127.0.0.1", LARGEST_STATEMENT))


def _fetch_outside(server: ForeignServer) -> Capabilities:
    """Asked in the format that was chosen, then in the other one: some servers speak only one of them."""
    other = "json" if server.format == "xml" else "xml"
    try:
        answer = _ask_outside(server, server.format)
        if answer.status in _NOT_IN_THIS_FORMAT:
            answer = _ask_outside(server, other)
    except OutboundError as error:
        return Capabilities(problem=str(error))
    return _read_answer(answer)


def _ask_outside(server: ForeignServer, answers_in: str) -> Answer:
    accept = ("Accept", MEDIA_TYPES[answers_in])
    request = addressed(Outgoing("GET", f"{server.base}/metadata", (accept,), secret=None), server)
    held = held_for(server)
    return send(
        request.with_secret(held.scheme if held else None), held.text if held else "", "", LARGEST_STATEMENT
    )


def _read_answer(answer: Answer) -> Capabilities:
    if answer.status != 200:
        return Capabilities(problem=_reason(answer.body) or f"The server answered {answer.status}.")
    try:
        statement = from_xml(answer.body) if answer.is_xml else json.loads(answer.body)
    except (ValueError, RecursionError):
        statement = None
    if not isinstance(statement, dict) or statement.get("resourceType") != "CapabilityStatement":
        return Capabilities(
            problem="Its /metadata is no CapabilityStatement: is this the base URL of a FHIR server?"
        )
    try:
        return read_statement(statement)
    except (TypeError, AttributeError, KeyError):
        return Capabilities(problem="Its CapabilityStatement is not made as FHIR R4 says.")


def read_statement(statement: dict[str, Any]) -> Capabilities:
    """The part of a decoded CapabilityStatement that the pages need."""
    rests = [rest for rest in statement.get("rest", ()) if rest.get("mode", "server") == "server"]
    rest = rests[0] if rests else {}
    software = statement.get("software") or {}
    return Capabilities(
        rest=rest,
        resources={each["type"]: each for each in rest.get("resource", ()) if "type" in each},
        software=f"{software.get('name', '')} {software.get('version', '')}".strip(),
        fhir_version=str(statement.get("fhirVersion", "")),
        formats=tuple(statement.get("format", ())),
    )


def _reason(body: bytes) -> str:
    """The first issue's text of an OperationOutcome."""
    try:
        issue = json.loads(body)["issue"][0]
    except (ValueError, LookupError, TypeError):
        return ""
    return str(issue.get("diagnostics") or (issue.get("details") or {}).get("text") or "")
