"""A line of the request log as a FHIR AuditEvent (R4), where it touched patient data.

https://hl7.org/fhir/R4/auditevent.html, and the RESTful patterns of IHE BALP (https://profiles.ihe.net/ITI/BALP/).
"""

import base64
import json
from datetime import timedelta
from functools import lru_cache
from typing import Any

from deployments.models import Deployment
from fhirspec.catalogue import get_catalogue
from gateway.decisions import CredentialKind, Reason
from gateway.models import RequestLog

# What no patient's data was touched by: these are for everybody, or never reached the data.
_APART = frozenset({Reason.OPEN, Reason.THROTTLED, Reason.CREDENTIAL_THROTTLED, Reason.STOPPED})
_ACTIONS = {
    "create": "C",
    "read": "R",
    "vread": "R",
    "history-instance": "R",
    "history-type": "R",
    "history-system": "R",
    "update": "U",
    "patch": "U",
    "delete": "D",
}
_EXECUTE = "E"
_MINOR, _SERIOUS, _SUCCESS = "4", "8", "0"
_DICOM = "http://dicom.nema.org/resources/ontology/DCM"
_TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
_BALP = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"


def touches_patients(line: RequestLog) -> bool:
    """Whether the request was for resources that belong to patients' records, or for all types at once."""
    if line.reason in _APART or line.interaction == "capabilities":
        return False
    first = line.path.partition("/")[0].partition("?")[0]
    return first in _patient_types() or not first or first[:1] in "$_"


@lru_cache(maxsize=1)
def _patient_types() -> frozenset[str]:
    return frozenset({"Patient", *get_catalogue().compartment("Patient")})


def audit_event(line: RequestLog, deployment: Deployment, site: str) -> dict[str, Any] | None:
    """The resource as JSON, checked against the model of fhir.resources; None where no patient data was touched.

    Its id comes from the trace id: making it again gives the same resource.
    """
    if not touches_patients(line):
        return None
    # The models take half a second to load: only who makes events pays for them.
    from fhir.resources.R4B.auditevent import AuditEvent

    made = AuditEvent.model_validate(_content(line, deployment, site))
    return json.loads(made.model_dump_json(exclude_none=True))  # type: ignore[no-any-return]


def _content(line: RequestLog, deployment: Deployment, site: str) -> dict[str, Any]:
    failed = line.status >= 400
    begun, ended = line.time, line.time + timedelta(microseconds=line.duration)
    return {
        "resourceType": "AuditEvent",
        "id": f"request-{line.trace_id}",
        "type": _coding(f"{_TERMINOLOGY}audit-event-type", "rest", "RESTful Operation"),
        "subtype": [_coding("http://hl7.org/fhir/restful-interaction", line.interaction or "operation")],
        "action": _ACTIONS.get(line.interaction, _EXECUTE),
        "period": {"start": _instant(begun), "end": _instant(ended)},
        "recorded": _instant(ended),
        "outcome": _SERIOUS if line.status >= 500 else _MINOR if failed else _SUCCESS,
        "outcomeDesc": f"HTTP {line.status}" + (f", {line.reason}" if line.reason != Reason.ALLOWED else ""),
        "agent": _agents(line),
        "source": {
            "site": site,
            "observer": {"display": f"{deployment.name} ({deployment.pk})"},
            "type": [_coding(f"{_TERMINOLOGY}security-source-type", "4", "Application Server")],
        },
        "entity": list(filter(None, (_patient(line), _resource(line), _query(line), _transaction(line)))),
    }


def _coding(system: str, code: str, display: str = "") -> dict[str, str]:
    return {"system": system, "code": code} | ({"display": display} if display else {})


def _instant(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _agents(line: RequestLog) -> list[dict[str, Any]]:
    """The application or key that called, and the person behind a token."""
    kind = _coding(_DICOM, "110153", "Source Role ID")
    caller: dict[str, Any] = {"type": {"coding": [kind]}, "requestor": True}
    caller["who"] = {"display": line.credential or "nobody"}
    if line.credential:
        caller["who"]["identifier"] = {"value": line.credential}
    if line.credential_name:
        caller["name"] = line.credential_name
    if line.address:
        caller["network"] = {"address": line.address, "type": "2"}
    agents = [caller]
    is_person = line.credential_kind == CredentialKind.TOKEN and line.credential_name.count("/") == 1
    if is_person:
        caller["requestor"] = False
        person = _coding(f"{_TERMINOLOGY}v3-ParticipationType", "IRCP", "information recipient")
        agents.append(
            {
                "type": {"coding": [person]},
                "who": {"reference": line.credential_name},
                "requestor": True,
            }
        )
    return agents


def _patient(line: RequestLog) -> dict[str, Any] | None:
    if not line.patient:
        return None
    return {
        "what": {"reference": f"Patient/{line.patient}"},
        "type": _coding(f"{_TERMINOLOGY}audit-entity-type", "1", "Person"),
        "role": _coding(f"{_TERMINOLOGY}object-role", "1", "Patient"),
    }


def _resource(line: RequestLog) -> dict[str, Any] | None:
    """The one resource that the path names, with its version where the request asked for one."""
    parts = line.path.split("/")
    is_one = line.interaction in ("read", "vread", "update", "patch", "delete", "history-instance")
    if not is_one or len(parts) < 2:
        return None
    version = len(parts) == 4 and parts[2] == "_history"
    return {
        "what": {"reference": "/".join(parts if version else parts[:2])},
        "type": _coding(f"{_TERMINOLOGY}audit-entity-type", "2", "System Object"),
        "role": _coding(f"{_TERMINOLOGY}object-role", "4", "Domain Resource"),
    }


def _query(line: RequestLog) -> dict[str, Any] | None:
    """What was asked, in base64 as R4 wants it; a query whose key is gone is left out."""
    query = line.readable_query
    asked = f"{line.path}?{query}" if query else line.path
    if _ACTIONS.get(line.interaction) in ("R", "U", "D", "C") and not query:
        return None
    return {
        "type": _coding(f"{_TERMINOLOGY}audit-entity-type", "2", "System Object"),
        "role": _coding(f"{_TERMINOLOGY}object-role", "24", "Query"),
        "query": base64.b64encode(f"{line.method} {asked}".encode()).decode(),
    }


def _transaction(line: RequestLog) -> dict[str, Any]:
    """By this trace id the answer's X-Request-Id, the log and the event find each other."""
    return {
        "what": {"identifier": {"value": line.trace_id}},
        "type": _coding(_BALP, "XrequestId"),
    }
