"""Scopes at the door: scope × interaction × resource inside and outside the compartment, every cell through the engine.

Alice's Patient is p1. `own` resources are in the compartment of p1, `other` ones in that of p2; an Organization is in none.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from credentials.models import ApplicationKind, ServerUser
from deployments.models import Deployment
from smart.applications import Registration, create_application
from smart.models import Authorization
from smart.scopes import read_scopes
from smart.servers import integrated_server
from smart.tokens import sign_access_token
from smart.users import create_user
from tests.gateway.conftest import Caller

LABORATORY = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]
}


def observation(patient: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "weight"},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


RESOURCES: dict[str, dict[str, Any]] = {
    "own patient": {"resourceType": "Patient", "id": "p1", "gender": "female"},
    "other patient": {"resourceType": "Patient", "id": "p2", "gender": "male"},
    "own observation": observation("p1", id="o1"),
    "own laboratory": observation("p1", id="o2", category=[LABORATORY]),
    "other observation": observation("p2", id="o3"),
    "other laboratory": observation("p2", id="o4", category=[LABORATORY]),
    "organization": {"resourceType": "Organization", "id": "org", "name": "Clinic"},
}
NOTHING = dict.fromkeys(RESOURCES, "")
EVERYTHING = dict.fromkeys(RESOURCES, "cru" + "d")
# Scope to what it lets do with each resource. A new Patient never lies in the compartment of an existing one.
MATRIX: dict[str, dict[str, str]] = {
    "": NOTHING,
    "openid fhirUser launch/patient": NOTHING,
    "patient/*.cruds": NOTHING | {"own patient": "rud", "own observation": "crud", "own laboratory": "crud"},
    "patient/*.*": NOTHING | {"own patient": "rud", "own observation": "crud", "own laboratory": "crud"},
    "patient/*.read": NOTHING | {"own patient": "r", "own observation": "r", "own laboratory": "r"},
    "patient/*.write": NOTHING | {"own patient": "ud", "own observation": "cud", "own laboratory": "cud"},
    "patient/*.s": NOTHING,
    "patient/Patient.r": NOTHING | {"own patient": "r"},
    "patient/Observation.rs": NOTHING | {"own observation": "r", "own laboratory": "r"},
    "patient/Observation.c": NOTHING | {"own observation": "c", "own laboratory": "c"},
    "patient/Observation.u": NOTHING | {"own observation": "u", "own laboratory": "u"},
    "patient/Observation.d": NOTHING | {"own observation": "d", "own laboratory": "d"},
    "patient/Organization.cruds": NOTHING,
    "patient/Observation.r patient/Patient.u": NOTHING
    | {"own observation": "r", "own laboratory": "r", "own patient": "u"},
    "user/*.cruds": NOTHING | {"own patient": "rud", "own observation": "crud", "own laboratory": "crud"},
    "user/Observation.r": NOTHING | {"own observation": "r", "own laboratory": "r"},
    # A person's token never acts as a backend service.
    "system/*.cruds": NOTHING,
    "system/Patient.rs": NOTHING,
}
PRACTITIONER_MATRIX: dict[str, dict[str, str]] = {
    "user/*.cruds": EVERYTHING,
    "user/*.rs": dict.fromkeys(RESOURCES, "r"),
    "user/Observation.cru": {
        name: "cru" if value["resourceType"] == "Observation" else "" for name, value in RESOURCES.items()
    },
    "patient/*.cruds": NOTHING,
    "system/*.cruds": NOTHING,
}
BACKEND_MATRIX: dict[str, dict[str, str]] = {
    "system/*.cruds": EVERYTHING,
    "system/*.rs": dict.fromkeys(RESOURCES, "r"),
    "system/Organization.r": NOTHING | {"organization": "r"},
    "user/*.cruds": NOTHING,
    "patient/*.cruds": NOTHING,
}


def store(full: Caller) -> None:
    for resource in RESOURCES.values():
        response = full("PUT", path_of(resource), json.dumps(resource))
        assert response.status_code in (200, 201), response.content


@pytest.fixture
def stored(full: Caller) -> None:
    store(full)


def path_of(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


Bearer = Callable[..., Caller]


@pytest.fixture
def bearer(deployment: Deployment, nobody: Caller) -> Bearer:
    """A caller whose token has these scopes, for a person (`fhir_user`) and a patient in context, or for a service."""
    server = integrated_server(deployment)
    asked = Registration(
        "App", ApplicationKind.CONFIDENTIAL, ["https://app.example/cb"], allowed_scopes="patient/*.cruds"
    )
    application, _ = create_application(server, asked, by=None)

    def make(scopes: str, fhir_user: str = "Patient/p1", patient: str = "p1") -> Caller:
        user: ServerUser | None = None
        if fhir_user:
            name = fhir_user.replace("/", "-").lower()
            user = ServerUser.objects.filter(deployment=deployment, username=name).first() or create_user(
                deployment, username=name, password="warm-hearth-evening", name=name, fhir_user=fhir_user
            )
        authorization = Authorization.objects.create(
            application=application, user=user, scopes=scopes, patient=patient
        )
        token = sign_access_token(authorization, read_scopes(scopes), 600)
        return Token(nobody.client, nobody.base, token)

    return make


class Token(Caller):
    def __call__(self, method: str, path: str = "", body: Any = None, **headers: str) -> Any:
        return Caller(self.client, self.base)(
            method, path, body, authorization=f"Bearer {self.key}", **headers
        )


def tried(caller: Caller, name: str) -> str:
    """What succeeded, in an order in which each interaction can: a history counts when it shows a version."""
    resource = RESOURCES[name]
    path, new = path_of(resource), {key: value for key, value in resource.items() if key != "id"}
    calls = {
        "read": ("GET", path, None),
        "vread": ("GET", f"{path}/_history/1", None),
        "history": ("GET", f"{path}/_history", None),
        "create": ("POST", resource["resourceType"], new),
        "update": ("PUT", path, resource),
        "delete": ("DELETE", path, None),
    }
    succeeded = []
    for interaction, (method, where, body) in calls.items():
        answer = caller(method, where, None if body is None else json.dumps(body))
        empty = (
            interaction == "history"
            and answer.status_code == 200
            and not json.loads(answer.content).get("entry")
        )
        if answer.status_code < 300 and not empty:
            succeeded.append(interaction)
        else:
            assert answer.status_code == 403 or empty, (interaction, answer.content)
    return " ".join(succeeded)


WORDS = {"r": "read vread history", "c": "create", "u": "update", "d": "delete"}


def expected(letters: str) -> str:
    return " ".join(WORDS[letter] for letter in "rcud" if letter in letters)


@pytest.mark.parametrize(
    ("matrix", "fhir_user", "patient"),
    [(MATRIX, "Patient/p1", "p1"), (PRACTITIONER_MATRIX, "Practitioner/dr", ""), (BACKEND_MATRIX, "", "")],
    ids=["patient", "practitioner", "backend service"],
)
def test_each_cell_of_the_matrix(
    matrix: dict[str, dict[str, str]], fhir_user: str, patient: str, full: Caller, bearer: Bearer
) -> None:
    found = {}
    for scopes in matrix:
        store(full)
        caller = bearer(scopes, fhir_user, patient)
        found[scopes] = {name: tried(caller, name) for name in RESOURCES}
    assert found == {
        scopes: {name: expected(letters) for name, letters in row.items()} for scopes, row in matrix.items()
    }


def test_a_resource_cannot_be_moved_into_or_out_of_the_compartment(stored: None, bearer: Bearer) -> None:
    caller = bearer("patient/*.cruds")
    moved_out = observation("p2", id="o1")
    moved_in = observation("p1", id="o3")
    assert caller("PUT", "Observation/o1", json.dumps(moved_out)).status_code == 403
    assert caller("PUT", "Observation/o3", json.dumps(moved_in)).status_code == 403


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_entries_of_a_bundle_are_confined_like_requests(
    kind: str, stored: None, bearer: Bearer, full: Caller
) -> None:
    entries = [
        {"request": {"method": "GET", "url": "Observation/o1"}},
        {"request": {"method": "GET", "url": "Observation/o3"}},
        {"request": {"method": "POST", "url": "Observation"}, "resource": observation("p2")},
        {"request": {"method": "DELETE", "url": "Patient/p2"}},
    ]
    bundle = {"resourceType": "Bundle", "type": kind, "entry": entries}
    answer = bearer("patient/*.cruds")("POST", "", json.dumps(bundle))
    if kind == "transaction":
        assert answer.status_code == 403
    else:
        statuses = [entry["response"]["status"][:3] for entry in json.loads(answer.content)["entry"]]
        assert statuses == ["200", "403", "403", "403"]
    assert full("GET", "Patient/p2").status_code == 200


def test_a_missing_scope_is_named_in_the_answer(stored: None, bearer: Bearer) -> None:
    refused = bearer("patient/Patient.r")("GET", "Observation/o1")
    assert refused.status_code == 403
    assert 'error="insufficient_scope"' in refused["WWW-Authenticate"]
    assert 'scope="patient/Observation.r"' in refused["WWW-Authenticate"]
    refused = bearer("system/Patient.r", fhir_user="", patient="")(
        "POST", "Observation", json.dumps(observation("p1"))
    )
    assert 'scope="system/Observation.c"' in refused["WWW-Authenticate"]
