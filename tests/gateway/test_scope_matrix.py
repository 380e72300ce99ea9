"""Scope × interaction × resource inside and outside the compartment: every cell through the door and the engine.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

import json
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from deployments import job_runner
from deployments.models import Job
from tests.gateway.attempts import Trial, expected, patient_of
from tests.gateway.conftest import Caller
from tests.gateway.scoped import RESOURCES, Bearer, held, path_of, store

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
CALLERS = [
    (MATRIX, "Patient/p1", "p1"),
    (PRACTITIONER_MATRIX, "Practitioner/dr", ""),
    (BACKEND_MATRIX, "", ""),
]
NAMES = ["patient", "practitioner", "backend service"]


@pytest.mark.parametrize("name", RESOURCES)
@pytest.mark.parametrize(("matrix", "fhir_user", "patient"), CALLERS, ids=NAMES)
def test_each_cell_of_the_matrix(
    matrix: dict[str, dict[str, str]], fhir_user: str, patient: str, name: str, full: Caller, bearer: Bearer
) -> None:
    store(full)
    for scopes, row in matrix.items():
        found = Trial(bearer(scopes, fhir_user, patient), full, RESOURCES[name]).succeeded()
        assert found == expected(RESOURCES[name], row[name]), scopes


@pytest.mark.parametrize(("matrix", "fhir_user", "patient"), CALLERS, ids=NAMES)
def test_everything_of_either_patient_in_each_row(
    matrix: dict[str, dict[str, str]], fhir_user: str, patient: str, full: Caller, bearer: Bearer
) -> None:
    store(full)
    for scopes, row in matrix.items():
        caller = bearer(scopes, fhir_user, patient)
        for whose in ("own patient", "other patient"):
            path = path_of(RESOURCES[whose])
            answer: Any = caller("GET", f"{path}/$everything")
            assert answer.status_code == (200 if "r" in row[whose] else 403), (scopes, whose)
            record = [name for name, one in RESOURCES.items() if patient_of(one) == path]
            wanted = {path_of(RESOURCES[name]) for name in record if "r" in row[name] and "r" in row[whose]}
            assert names_in(answer) == wanted, (scopes, whose)


def names_in(answer: Any) -> set[str]:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return {path_of(one) for line in content.splitlines() for one in held(json.loads(line))}


@pytest.mark.parametrize("address", ["$export", "Patient/$export"])
@pytest.mark.parametrize(("matrix", "fhir_user", "patient"), CALLERS, ids=NAMES)
def test_an_export_in_each_row(
    matrix: dict[str, dict[str, str]],
    fhir_user: str,
    patient: str,
    address: str,
    full: Caller,
    bearer: Bearer,
    settings: Settings,
    tmp_path: Path,
) -> None:
    settings.TRANSFER_DIR = tmp_path
    store(full)
    for scopes, row in matrix.items():
        caller = bearer(scopes, fhir_user, patient)
        started: Any = caller("GET", address, prefer="respond-async")
        if started.status_code == 202:
            assert exported(caller, started) == {
                path_of(one)
                for name, one in RESOURCES.items()
                if "r" in row[name] and (patient_of(one) or address == "$export")
            }, scopes
        else:
            assert started.status_code == 403, scopes
            assert not any("r" in letters for letters in row.values()), scopes


def exported(caller: Caller, started: Any) -> set[str]:
    job_runner.run(Job.objects.latest("pk").pk)
    status: Any = caller("GET", started["Content-Location"].partition("/r4/")[2])
    files = [file["url"].partition("/r4/")[2] for file in json.loads(status.content)["output"]]
    return {name for file in files for name in names_in(caller("GET", file))}
