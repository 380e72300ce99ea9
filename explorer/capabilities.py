"""What a deployment says of itself: its CapabilityStatement, fetched through the door and remembered briefly."""

import json
import time
from dataclasses import dataclass, field
from typing import Any

from deployments.models import Deployment
from explorer.building.outgoing import MEDIA_TYPES, Outgoing
from explorer.sending import send

REMEMBERED_SECONDS = 30.0
LARGEST_STATEMENT = 20_000_000


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


def get_capabilities(deployment: Deployment, base: str) -> Capabilities:
    """The capabilities of a deployment. A state change is seen at once, another change within half a minute."""
    key = (deployment.pk, deployment.state)
    found = _remembered.get(key)
    if found and found[0] > time.monotonic():
        return found[1]
    capabilities = _fetch(base)
    if len(_remembered) > 200:
        _remembered.clear()
    if not capabilities.problem:
        _remembered[key] = (time.monotonic() + REMEMBERED_SECONDS, capabilities)
    return capabilities


def _fetch(base: str) -> Capabilities:
    request = Outgoing("GET", f"{base}/metadata", (("Accept", MEDIA_TYPES["json"]),), secret=None)
    answer = send(request, "", "127.0.0.1", LARGEST_STATEMENT)
    if answer.status != 200:
        return Capabilities(problem=_reason(answer.body) or f"The server answered {answer.status}.")
    try:
        statement = json.loads(answer.body)
    except ValueError:
        return Capabilities(problem="The server's CapabilityStatement is not JSON.")
    return read_statement(statement)


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
