"""Invariants: broken rules are found where they are broken, and keep their severity and key."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from fhirspec import json
from fhirspec.validation import invariants, validate

NARRATIVE = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}


def resource(name: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": name, "text": NARRATIVE, **elements}


def observation(**elements: Any) -> dict[str, Any]:
    return resource("Observation", status="final", code={"coding": [{"code": "a"}]}, **elements)


def contained(**elements: Any) -> list[dict[str, Any]]:
    return [{"resourceType": "Organization", "id": "o", "name": "O", **elements}]


KEPT: list[dict[str, Any]] = [
    resource("Patient", contact=[{"name": {"text": "x"}}]),
    observation(valueString="x"),
    observation(effectivePeriod={"start": "2020-01-01", "end": "2020-01-01"}),
    observation(valueQuantity={"value": 1, "system": "http://unitsofmeasure.org", "code": "kg"}),
    resource("Patient", contained=contained(), managingOrganization={"reference": "#o"}),
    resource("Patient", contained=contained(partOf={"reference": "#"})),
    {"resourceType": "Parameters", "parameter": [{"name": "a", "valueString": "x"}]},
    {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [{"request": {"method": "GET", "url": "Patient"}}],
    },
]

BROKEN: list[tuple[dict[str, Any], str, str]] = [
    (resource("Patient", contact=[{"gender": "male"}]), "Patient.contact[0]", "pat-1"),
    (observation(valueString="x", dataAbsentReason={"text": "y"}), "Observation", "obs-6"),
    (
        observation(valueString="x", component=[{"code": {"coding": [{"code": "a"}]}}]),
        "Observation",
        "obs-7",
    ),
    (
        observation(effectivePeriod={"start": "2021-01-01", "end": "2020-01-01"}),
        "Observation.effective",
        "per-1",
    ),
    (observation(valueQuantity={"value": 1, "code": "kg"}), "Observation.value", "qty-3"),
    (resource("Patient", telecom=[{"value": "1"}]), "Patient.telecom[0]", "cpt-2"),
    (resource("Patient", contained=contained()), "Patient.contained[0]", "dom-3"),
    (
        resource(
            "Patient",
            contained=contained(contact=[{"telecom": [{"value": "1"}]}]),
            managingOrganization={"reference": "#o"},
        ),
        "Patient.contained[0].contact[0].telecom[0]",
        "cpt-2",
    ),
    ({"resourceType": "Parameters", "parameter": [{"name": "a"}]}, "Parameters.parameter[0]", "inv-1"),
    (
        {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": resource("Patient")}]},
        "Bundle",
        "bdl-3",
    ),
]


@pytest.mark.parametrize("kept", KEPT)
def test_kept_rules_are_not_mentioned(kept: dict[str, Any]) -> None:
    before = deepcopy(kept)
    assert invariants(kept) == []
    assert before == kept


@pytest.mark.parametrize(("broken", "path", "key"), BROKEN)
def test_a_broken_rule_is_found_where_it_is_broken(broken: dict[str, Any], path: str, key: str) -> None:
    assert [one for one in validate(broken, broken["resourceType"]) if one.is_error] == []
    found = [one for one in invariants(broken) if one.severity == "error"]
    assert [(one.path, one.code) for one in found] == [(path, "invariant")]
    assert found[0].message.endswith(f"({key})")


def test_a_rule_of_good_practice_is_a_warning() -> None:
    (found,) = invariants({"resourceType": "Patient"})
    assert (found.severity, found.path) == ("warning", "Patient")


def test_official_examples_break_no_rule(shared_data: Path) -> None:
    for line in (shared_data / "one-per-type.ndjson").read_bytes().splitlines():
        assert [one for one in invariants(json.decode(line)) if one.severity == "error"] == []
