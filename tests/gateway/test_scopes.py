"""Scopes at the door: scope × interaction × resource inside and outside the compartment, every cell through the engine."""

import json
from typing import Any

import pytest

from tests.gateway.conftest import Caller
from tests.gateway.scoped import RESOURCES, Bearer, observation, path_of, store

NOTHING = dict.fromkeys(RESOURCES, "")
EVERYTHING = dict.fromkeys(RESOURCES, "cruds")


def own(letters: str) -> dict[str, str]:
    """A new Patient never lies in the compartment of an existing one."""
    patient = letters.replace("c", "")
    return NOTHING | {"own patient": patient, "own observation": letters, "own laboratory": letters}


def observations(letters: str, laboratory: str = "") -> dict[str, str]:
    return NOTHING | {"own observation": letters, "own laboratory": laboratory or letters}


# Scope to what it lets do with each resource.
MATRIX: dict[str, dict[str, str]] = {
    "": NOTHING,
    "openid fhirUser launch/patient": NOTHING,
    "patient/*.cruds": own("cruds"),
    "patient/*.*": own("cruds"),
    "patient/*.read": own("rs"),
    "patient/*.write": own("cud"),
    "patient/*.s": own("s"),
    "patient/Patient.r": NOTHING | {"own patient": "r"},
    "patient/Observation.rs": observations("rs"),
    "patient/Observation.c": observations("c"),
    "patient/Observation.u": observations("u"),
    "patient/Observation.d": observations("d"),
    "patient/Observation.cruds?category=laboratory": NOTHING | {"own laboratory": "cruds"},
    "patient/Observation.r?category=laboratory patient/Observation.s": observations("s", "rs"),
    "patient/Organization.cruds": NOTHING,
    "patient/Observation.r patient/Patient.u": observations("r") | {"own patient": "u"},
    "user/*.cruds": own("cruds"),
    "user/Observation.r": observations("r"),
    # A person's token never acts as a backend service.
    "system/*.cruds": NOTHING,
    "system/Patient.rs": NOTHING,
}
PRACTITIONER_MATRIX: dict[str, dict[str, str]] = {
    "user/*.cruds": EVERYTHING,
    "user/*.rs": dict.fromkeys(RESOURCES, "rs"),
    "user/Observation.cru": {
        name: "cru" if value["resourceType"] == "Observation" else "" for name, value in RESOURCES.items()
    },
    "user/Observation.rs?category=laboratory": NOTHING | {"own laboratory": "rs", "other laboratory": "rs"},
    "patient/*.cruds": NOTHING,
    "system/*.cruds": NOTHING,
}
BACKEND_MATRIX: dict[str, dict[str, str]] = {
    "system/*.cruds": EVERYTHING,
    "system/*.rs": dict.fromkeys(RESOURCES, "rs"),
    "system/Organization.r": NOTHING | {"organization": "r"},
    "user/*.cruds": NOTHING,
    "patient/*.cruds": NOTHING,
}
JSON_PATCH = "application/json-patch+json"


@pytest.fixture
def stored(full: Caller) -> None:
    store(full)


def attempts(resource: dict[str, Any]) -> dict[str, tuple[str, str, Any, dict[str, str]]]:
    """Interaction to (method, path, body, headers), in an order in which each can succeed."""
    kind, path = resource["resourceType"], path_of(resource)
    new = {key: value for key, value in resource.items() if key != "id"}
    touched = [{"op": "add", "path": "/language", "value": "en"}]
    get = [{"request": {"method": "GET", "url": path}}]
    put = [{"request": {"method": "PUT", "url": path}, "resource": resource}]
    post = [{"request": {"method": "POST", "url": kind}, "resource": new}]
    bundle = {"resourceType": "Bundle", "type": "transaction"}
    return {
        "read": ("GET", path, None, {}),
        "vread": ("GET", f"{path}/_history/1", None, {}),
        "history": ("GET", f"{path}/_history", None, {}),
        "transaction-read": ("POST", "", bundle | {"entry": get}, {}),
        "search": ("GET", f"{kind}?_id={resource['id']}", None, {}),
        "search-post": ("POST", f"{kind}/_search?_id={resource['id']}", None, {}),
        "create": ("POST", kind, new, {}),
        "conditional-create": ("POST", kind, new, {"if_none_exist": "identifier=nobody"}),
        "transaction-create": ("POST", "", bundle | {"entry": post}, {}),
        "update": ("PUT", path, resource, {}),
        "patch": ("PATCH", path, touched, {"content_type": JSON_PATCH}),
        "transaction-update": ("POST", "", bundle | {"entry": put}, {}),
        "delete": ("DELETE", path, None, {}),
    }


def tried(caller: Caller, name: str) -> str:
    """What succeeded; what only lists counts when it shows something."""
    succeeded = []
    for interaction, (method, path, body, headers) in attempts(RESOURCES[name]).items():
        answer: Any = caller(method, path, None if body is None else json.dumps(body), **headers)
        lists = interaction in ("history", "search", "search-post") and answer.status_code == 200
        if lists and not json.loads(answer.content).get("entry"):
            continue
        if answer.status_code < 300:
            succeeded.append(interaction)
        else:
            assert answer.status_code == 403, (interaction, answer.content)
    return " ".join(succeeded)


WORDS = {
    "r": "read vread history transaction-read",
    "s": "search search-post",
    "c": "create conditional-create transaction-create",
    "u": "update patch transaction-update",
    "d": "delete",
}


def expected(letters: str) -> str:
    return " ".join(WORDS[letter] for letter in "rscud" if letter in letters)


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
    # What is another patient's, no patient/ scope can reach.
    refused = bearer("patient/*.cruds")("GET", "Observation/o3")
    assert 'scope="user/Observation.r"' in refused["WWW-Authenticate"]
    refused = bearer("patient/Observation.rs?category=laboratory")("GET", "Observation/o1")
    assert 'scope="patient/Observation.r"' in refused["WWW-Authenticate"]
    entry = {"request": {"method": "DELETE", "url": "Observation/o1"}}
    bundle = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    refused = bearer("patient/*.rs")("POST", "", bundle)
    assert 'scope="patient/Observation.d"' in refused["WWW-Authenticate"]
    refused = bearer("system/Patient.r", fhir_user="", patient="")(
        "POST", "Observation", json.dumps(observation("p1"))
    )
    assert 'scope="system/Observation.c"' in refused["WWW-Authenticate"]
