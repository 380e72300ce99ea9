"""The way of a bulk export, as a client goes it: kick-off, status, manifest, files."""

import json
from typing import Any

from deployments import job_runner
from deployments.models import Job
from tests.gateway.conftest import Caller

Resource = dict[str, Any]

PEOPLE: list[Resource] = [
    {"resourceType": "Organization", "id": "clinic", "name": "Clinic"},
    {"resourceType": "Organization", "id": "stranger", "name": "Elsewhere"},
    {"resourceType": "Practitioner", "id": "doctor", "name": [{"family": "Who"}]},
    {"resourceType": "PractitionerRole", "id": "role", "practitioner": {"reference": "Practitioner/doctor"},
     "organization": {"reference": "Organization/clinic"}},
    *({"resourceType": "Patient", "id": one, "gender": "female", "name": [{"family": one}]} for one in ("ada", "bea", "cia")),
    {"resourceType": "Patient", "id": "dot", "link": [{"type": "seealso", "other": {"reference": "Patient/ada"}}]},
    *({"resourceType": "Observation", "id": f"{one}-{code}", "status": "final", "code": {"text": "a weight"},
       "valueInteger": number, "subject": {"reference": f"Patient/{one}"},
       "performer": [{"reference": "PractitionerRole/role"}] if one == "ada" else []}
      for one in ("ada", "bea", "cia") for number, code in enumerate(("one", "two"))),
    {"resourceType": "Provenance", "id": "of-ada", "target": [{"reference": "Observation/ada-one"}],
     "recorded": "2020-01-01T00:00:00Z", "agent": [{"who": {"reference": "Practitioner/doctor"}}]},
    {"resourceType": "Provenance", "id": "of-cia", "target": [{"reference": "Observation/cia-one"}],
     "recorded": "2020-01-01T00:00:00Z", "agent": [{"who": {"display": "Somebody"}}]},
    {"resourceType": "Group", "id": "inner", "type": "person", "actual": True,
     "member": [{"entity": {"reference": "Patient/bea"}}, {"entity": {"reference": "Group/both"}}]},
    {"resourceType": "Group", "id": "both", "type": "person", "actual": True,
     "member": [{"entity": {"reference": "Patient/ada"}}, {"entity": {"reference": "Group/inner"}},
                {"entity": {"reference": "Patient/cia"}, "inactive": True}]},
]  # fmt: skip
for _resource in PEOPLE:
    if _resource.get("performer") == []:
        del _resource["performer"]
OF_ADA = {"Patient/ada", "Observation/ada-one", "Observation/ada-two", "Provenance/of-ada",
          "Practitioner/doctor", "PractitionerRole/role", "Organization/clinic"}  # fmt: skip
OF_BEA = {"Patient/bea", "Observation/bea-one", "Observation/bea-two"}
OF_CIA = {"Patient/cia", "Observation/cia-one", "Observation/cia-two", "Provenance/of-cia"}
GROUPS = {"Group/both", "Group/inner"}


def body_of(response: Any) -> bytes:
    return response.getvalue() if response.streaming else response.content  # type: ignore[no-any-return]


def refused(response: Any, status: int) -> str:
    """The text of the OperationOutcome that every refusal is."""
    assert response.status_code == status, body_of(response)
    outcome = json.loads(body_of(response))
    assert outcome["resourceType"] == "OperationOutcome"
    return str(outcome["issue"][0]["diagnostics"])


def kick_off(caller: Caller, path: str, body: Any = None, prefer: str = "respond-async") -> str:
    """The path of the status, below the base."""
    method = "GET" if body is None else "POST"
    sent = None if body is None else json.dumps(body)
    response: Any = caller(method, path, sent, prefer=prefer, accept="application/fhir+json")
    assert response.status_code == 202, response.content
    assert response["Content-Location"].startswith("http")
    return str(response["Content-Location"].split("/r4/", 1)[1])


def finished(caller: Caller, status: str) -> Resource:
    """The manifest, after one look at the unfinished job."""
    waiting: Any = caller("GET", status)
    assert (waiting.status_code, bool(waiting["X-Progress"]), int(waiting["Retry-After"])) == (202, True, 1)
    job_runner.run(Job.objects.latest("pk").pk)
    done: Any = caller("GET", status, accept="application/json")
    assert (done.status_code, done["Content-Type"], bool(done["Expires"])) == (200, "application/json", True)
    manifest: Resource = json.loads(done.content)
    assert {"transactionTime", "request", "requiresAccessToken", "output", "error"} <= set(manifest)
    assert manifest["requiresAccessToken"] is True
    return manifest


def lines_of(caller: Caller, files: list[Resource]) -> list[Resource]:
    found = []
    for file in files:
        response: Any = caller("GET", file["url"].split("/r4/", 1)[1], accept="application/fhir+ndjson")
        assert response["Content-Type"] == "application/fhir+ndjson"
        lines = [json.loads(line) for line in body_of(response).splitlines()]
        assert {line["resourceType"] for line in lines} == {file["type"]}
        assert len(lines) == file["count"]
        found += lines
    return found


def exported(caller: Caller, path: str, body: Any = None, **headers: str) -> set[str]:
    manifest = finished(caller, kick_off(caller, path, body, **headers))
    return {f"{one['resourceType']}/{one['id']}" for one in lines_of(caller, manifest["output"])}
