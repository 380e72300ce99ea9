"""What is valid passes; what is not is told with its place."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhirspec.json import decode
from fhirspec.validation import Problem, validate

PATIENT: dict[str, Any] = {"resourceType": "Patient"}
OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}


def errors(resource: Any) -> list[Problem]:
    return [one for one in validate(resource) if one.severity == "error"]


def test_official_examples_of_every_type_are_valid(shared_data: Path) -> None:
    lines = (shared_data / "one-per-type.ndjson").read_bytes().splitlines()
    assert len(lines) > 100
    assert {line[:60]: errors(decode(line)) for line in lines if errors(decode(line))} == {}


@pytest.mark.parametrize(
    ("resource", "code", "path"),
    [
        ([], "structure", "$"),
        ({}, "required", "$"),
        ({"resourceType": "Patiant"}, "value", "$"),
        ({"resourceType": "Observation", "status": "final"}, "required", "Observation.code"),
        ({**PATIENT, "nam": []}, "structure", "Patient.nam"),
        ({**PATIENT, "name": {"family": "x"}}, "structure", "Patient.name"),
        ({**PATIENT, "name": []}, "structure", "Patient.name"),
        ({**PATIENT, "name": [{}]}, "structure", "Patient.name[0]"),
        ({**PATIENT, "name": [{"given": ["a", 1]}]}, "value", "Patient.name[0].given[1]"),
        ({**PATIENT, "name": [{"given": ["a", None]}]}, "value", "Patient.name[0].given[1]"),
        ({**PATIENT, "name": [{"family": ""}]}, "value", "Patient.name[0].family"),
        ({**PATIENT, "gender": ["male"]}, "structure", "Patient.gender"),
        ({**PATIENT, "gender": "man"}, "code-invalid", "Patient.gender"),
        ({**PATIENT, "active": "true"}, "value", "Patient.active"),
        ({**PATIENT, "birthDate": "2020-02-30"}, "value", "Patient.birthDate"),
        ({**PATIENT, "birthDate": "2020-1-1"}, "value", "Patient.birthDate"),
        ({**PATIENT, "deceasedDateTime": "2020-01-01T10:00:00"}, "value", "Patient.deceasedDateTime"),
        ({**PATIENT, "id": "a b"}, "value", "Patient.id"),
        ({**PATIENT, "id": "a" * 65}, "value", "Patient.id"),
        (
            {**PATIENT, "deceasedBoolean": True, "deceasedDateTime": "2020"},
            "structure",
            "Patient.deceased[x]",
        ),
        ({**PATIENT, "multipleBirthInteger": 1.5}, "value", "Patient.multipleBirthInteger"),
        ({**PATIENT, "multipleBirthInteger": True}, "value", "Patient.multipleBirthInteger"),
        (
            {**PATIENT, "managingOrganization": {"reference": "#o"}},
            "not-found",
            "Patient.managingOrganization.reference",
        ),
        (
            {**PATIENT, "managingOrganization": {"reference": "acme"}},
            "value",
            "Patient.managingOrganization.reference",
        ),
        ({**PATIENT, "contained": [{"resourceType": "Organization"}]}, "required", "Patient.contained[0].id"),
        (
            {**PATIENT, "contained": [{"resourceType": "Observation", "id": "o", "status": "final"}]},
            "required",
            "Patient.contained[0].code",
        ),
        ({**PATIENT, "extension": [{"valueString": "x"}]}, "required", "Patient.extension[0].url"),
        ({**PATIENT, "extension": [{"url": "http://x"}]}, "invariant", "Patient.extension[0]"),
        ({**PATIENT, "_birthDate": {}}, "structure", "Patient.birthDate"),
        (
            {**PATIENT, "text": {"status": "generated", "div": "<div><script>x</script></div>"}},
            "value",
            "Patient.text.div",
        ),
        (
            {**PATIENT, "text": {"status": "generated", "div": '<div><p onclick="x">x</p></div>'}},
            "value",
            "Patient.text.div",
        ),
        (
            {**PATIENT, "text": {"status": "generated", "div": "<div>&evil;</div>"}},
            "value",
            "Patient.text.div",
        ),
        ({**PATIENT, "photo": [{"data": "***"}]}, "value", "Patient.photo[0].data"),
        ({**OBSERVATION, "valueQuantity": {"value": "1"}}, "value", "Observation.valueQuantity.value"),
        (
            {**PATIENT, "communication": [{"preferred": True}]},
            "required",
            "Patient.communication[0].language",
        ),
        (
            {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {"resourceType": "Nobody"}}]},
            "value",
            "Bundle.entry[0].resource",
        ),
        (
            {
                "resourceType": "Questionnaire",
                "status": "draft",
                "item": [{"linkId": "1", "type": "group", "item": [{}]}],
            },
            "structure",
            "Questionnaire.item[0].item[0]",
        ),
    ],
)
def test_a_problem_is_told_with_its_place(resource: Any, code: str, path: str) -> None:
    assert [(one.code, one.path) for one in errors(resource)] == [(code, path)]


@pytest.mark.parametrize(
    "resource",
    [
        {**PATIENT, "_birthDate": {"extension": [{"url": "http://x", "valueString": "unknown"}]}},
        {**PATIENT, "name": [{"given": [None, "B"], "_given": [{"id": "a"}, None]}]},
        {**PATIENT, "deceasedDateTime": "2020-02-29T23:59:60.5+14:00"},
        {**OBSERVATION, "valueQuantity": {"value": Decimal("1.50")}},
        {**PATIENT, "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">a&nbsp;<b>b</b></div>'}},
        {**PATIENT, "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}],
         "managingOrganization": {"reference": "#o"}},
        {**PATIENT, "managingOrganization": {"reference": "urn:uuid:0d8ab45c-6f62-4a3d-9c5e-0d0a3f5f7f11"}},
        {**PATIENT, "maritalStatus": {"coding": [{"system": "http://x", "code": "own"}]}},
    ],
)  # fmt: skip
def test_what_r4_allows_is_valid(resource: Any) -> None:
    assert errors(resource) == []


def test_every_problem_is_told_not_only_the_first() -> None:
    found = errors({**PATIENT, "gender": "man", "birthDate": "x", "active": 1})
    assert {one.path for one in found} == {"Patient.gender", "Patient.birthDate", "Patient.active"}


def test_a_misspelt_element_is_answered_with_the_one_that_was_meant() -> None:
    assert "did you mean birthDate" in errors({**PATIENT, "birthdate": "2020"})[0].message


def test_a_reference_to_an_unexpected_type_is_only_a_warning() -> None:
    resource = {**OBSERVATION, "encounter": {"reference": "Patient/1"}}
    assert [one.severity for one in validate(resource)] == ["warning"]


def test_a_resource_of_another_type_than_wanted_is_refused() -> None:
    assert validate(PATIENT, "Observation")[0].code == "invalid"
