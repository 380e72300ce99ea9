"""What a deployment says of itself: its CapabilityStatement, fetched through the door and remembered briefly."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from explorer.building.outgoing import MEDIA_TYPES, Outgoing
from explorer.foreign import addressed
from explorer.models import ForeignServer
from explorer.sending import Answer, send
from explorer.server_credentials import list_held
from explorer.targets import Target
from fhirspec.xml import from_xml
from portal.outbound import OutboundError

REMEMBERED_SECONDS = 30.0
LARGEST_STATEMENT = 20_000_000
_LISTS = ("interaction", "searchParam", "operation", "resource")
_USUAL = ("read", "vread", "search-type", "create", "update", "delete", "history-instance")
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
    patch_formats: tuple[str, ...] = ()
    problem: str = ""


# Each web process keeps its own few; a statement that changed is seen after REMEMBERED_SECONDS.
_remembered: dict[tuple[str, str], tuple[float, Capabilities]] = {}


def get_capabilities(target: Target, base: str) -> Capabilities:
    """The capabilities of a deployment, or of a server elsewhere. A state change is seen at once, another change within half a minute."""
    key = (target.pk, _version_of(target))
    found = _remembered.get(key)
    if found and found[0] > time.monotonic():
        return found[1]
    capabilities = _fetch_outside(target) if isinstance(target, ForeignServer) else _fetch(base)
    if len(_remembered) > 200:
        _remembered.clear()
    if not capabilities.problem:
        _remembered[key] = (time.monotonic() + REMEMBERED_SECONDS, capabilities)
    return capabilities


def _version_of(target: Target) -> str:
    """Of a server elsewhere each person is told what it says to them."""
    if isinstance(target, ForeignServer):
        return f"{target.opened.isoformat()} {target.explored_by.pk}"
    return target.state


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
    held = next((each for each in list_held(server, server.explored_by) if each.active), None)
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
    rests = [rest for rest in _objects(statement.get("rest")) if rest.get("mode", "server") == "server"]
    rest = _tidied(rests[0]) if rests else {}
    software = statement.get("software")
    named = software if isinstance(software, dict) else {}
    return Capabilities(
        rest=rest,
        resources={
            each["type"]: _with_interactions(_tidied(each))
            for each in _objects(rest.get("resource"))
            if isinstance(each.get("type"), str)
        },
        software=f"{named.get('name') or ''} {named.get('version') or ''}".strip()[:120],
        fhir_version=str(statement.get("fhirVersion") or "")[:20],
        formats=_texts(statement.get("format")),
        patch_formats=_texts(statement.get("patchFormat")),
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _tidied(part: dict[str, Any]) -> dict[str, Any]:
    """Lists of objects, whatever the server wrote in their place."""
    lists = {name: _objects(part[name]) for name in _LISTS if name in part}
    return part | lists


def _with_interactions(resource: dict[str, Any]) -> dict[str, Any]:
    """A server that names a type and no interactions does not say which: the usual ones are offered, and it decides."""
    if resource.get("interaction"):
        return resource
    return resource | {"interaction": [{"code": code} for code in _USUAL]}


def _reason(body: bytes) -> str:
    """The first issue's text of an OperationOutcome."""
    try:
        issue = json.loads(body)["issue"][0]
    except (ValueError, LookupError, TypeError):
        return ""
    return str(issue.get("diagnostics") or (issue.get("details") or {}).get("text") or "")
