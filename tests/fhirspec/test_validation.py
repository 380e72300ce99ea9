"""Structural validation: what is valid passes, and every problem names its place and its kind."""

from pathlib import Path
from typing import Any

import pytest

from fhirspec import json
from fhirspec.validation import validate

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def observation(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "Weight"}, **elements}


def narrative(content: str) -> dict[str, Any]:
    return {"status": "generated", "div": DIV.format(content)}


def extension(**elements: Any) -> dict[str, Any]:
    return {"url": "http://example.org/extension", **elements}


VALID = [
    patient(),
    patient(id="A-1.b", active=True, birthDate="1970", deceasedDateTime="2020-02-29T23:59:60.123+14:00"),
    patient(birthDate="1970-01", _birthDate={"extension": [extension(valueDateTime="1970-01-01T10:00:00Z")]}),
    patient(_birthDate={"extension": [extension(valueCode="unknown")]}),
    patient(name=[{"given": ["Ann", None], "_given": [None, {"extension": [extension(valueString="x")]}]}]),
    patient(active=True, _active={"id": "a"}),
    patient(name=[{"given": ["Ann", "Bea"], "_given": [{"id": "a"}, None]}]),
    patient(text=narrative("<p>Ann &eacute; <img src='#1' alt='x'/></p>")),
    patient(text=narrative('<p style="background: url(data:image/png;base64,aGk=)">a</p>')),
    patient(text=narrative('<p style="background: url(data: image/png;base64,aGk=)">a</p>')),
    {"resourceType": "Basic", "code": {"coding": [{"code": "CHEST\u00a0"}]}},
    patient(extension=[extension(extension=[extension(valueBoolean=False)])]),
    patient(
        contained=[{"resourceType": "Organization", "id": "o", "name": "O"}],
        managingOrganization={"reference": "#o"},
    ),
    patient(link=[{"other": {"reference": "urn:uuid:1"}, "type": "refer"}]),
    patient(photo=[{"contentType": "image/png", "data": "aGVs bG8=\n"}]),
    observation(valueQuantity={"value": 1, "unit": "kg"}),
    observation(subject={"reference": "http://example.org/fhir/Patient/1/_history/2"}),
    {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient(gender="male")}]},
    {"resourceType": "Parameters", "parameter": [{"name": "a", "part": [{"name": "b", "valueCode": "c"}]}]},
    {
        "resourceType": "Questionnaire",
        "status": "draft",
        "item": [{"linkId": "1", "type": "group", "item": [{"linkId": "2", "type": "string"}]}],
    },
]


@pytest.mark.parametrize("resource", VALID)
def test_a_valid_resource_has_no_problems(resource: dict[str, Any]) -> None:
    assert validate(resource, resource["resourceType"]) == []


# resource, path, issue code, words that the message must have
INVALID: list[tuple[dict[str, Any], str, str, str]] = [
    # names and structure
    (patient(brithDate="1970"), "Patient.brithDate", "structure", "Did you mean birthDate?"),
    (patient(name=[{"familly": "x"}]), "Patient.name[0].familly", "structure", "Did you mean family?"),
    (patient(_name=[{"id": "x"}]), "Patient._name", "structure", "only primitive values"),
    (patient(name={"family": "x"}), "Patient.name", "structure", "expected an array, found object"),
    (patient(name="x"), "Patient.name", "structure", "expected an array, found string"),
    (patient(name=["x"]), "Patient.name[0]", "structure", "Expected an object (HumanName), found string"),
    (patient(gender=["male"]), "Patient.gender", "structure", "does not repeat"),
    (patient(maritalStatus=[{"text": "x"}]), "Patient.maritalStatus", "structure", "does not repeat"),
    (patient(name=[]), "Patient.name", "structure", "An array cannot be empty"),
    (patient(name=[{}]), "Patient.name[0]", "structure", "ele-1"),
    (patient(maritalStatus={"id": "x"}), "Patient.maritalStatus", "structure", "ele-1"),
    (patient(_active={"id": "x"}), "Patient.active", "structure", "ele-1"),
    (patient(name=[{"_given": [{"id": "x"}]}]), "Patient.name[0].given[0]", "structure", "ele-1"),
    (patient(name=[None]), "Patient.name[0]", "structure", "found null"),
    (patient(name=[{"given": [None]}]), "Patient.name[0].given[0]", "structure", "null"),
    (patient(name=[{"family": None}]), "Patient.name[0].family", "value", "found null"),
    (patient(resourceTyp="x"), "Patient.resourceTyp", "structure", "has no element"),
    (patient(name=[{"resourceType": "x"}]), "Patient.name[0].resourceType", "structure", "has no element"),
    # cardinality and choices
    (
        {"resourceType": "Observation", "code": {"text": "x"}},
        "Observation.status",
        "required",
        "status is required",
    ),
    ({"resourceType": "Bundle"}, "Bundle.type", "required", "type is required"),
    (patient(link=[{"type": "refer"}]), "Patient.link[0].other", "required", "other is required"),
    (
        {
            "resourceType": "MedicationRequest",
            "status": "active",
            "intent": "order",
            "subject": {"display": "x"},
        },
        "MedicationRequest.medication",
        "required",
        "One of medicationCodeableConcept, medicationReference",
    ),
    (
        observation(valueString="x", valueInteger=1),
        "Observation.value",
        "structure",
        "Only one of valueInteger and valueString",
    ),
    (
        observation(valueString="x", _valueInteger={"extension": [extension(valueCode="x")]}),
        "Observation.value",
        "structure",
        "Only one of",
    ),
    # primitives
    (patient(id="a b"), "Patient.id", "value", "an id"),
    (patient(id="x" * 65), "Patient.id", "value", "an id"),
    (patient(id=1), "Patient.id", "value", "found number 1"),
    (patient(active="true"), "Patient.active", "value", "true or false"),
    (patient(active=1), "Patient.active", "value", "true or false"),
    (patient(birthDate="01.02.1970"), "Patient.birthDate", "value", "YYYY-MM-DD"),
    (patient(birthDate="1970-02-30"), "Patient.birthDate", "value", "exists"),
    (patient(birthDate="1970-01-01T10:00:00Z"), "Patient.birthDate", "value", "YYYY-MM-DD"),
    (patient(deceasedDateTime="2020-01-01T10:00:00"), "Patient.deceased", "value", "time zone"),
    (patient(deceasedDateTime="2020-01-01T10:00Z"), "Patient.deceased", "value", "seconds"),
    (patient(deceasedDateTime="2020-01-01T25:00:00Z"), "Patient.deceased", "value", "seconds"),
    (patient(meta={"lastUpdated": "2020-01-01"}), "Patient.meta.lastUpdated", "value", "instant"),
    (patient(name=[{"family": ""}]), "Patient.name[0].family", "value", "not empty"),
    (patient(name=[{"family": "a\x00"}]), "Patient.name[0].family", "value", "control"),
    (patient(name=[{"given": ["ok", 5]}]), "Patient.name[0].given[1]", "value", "found number 5"),
    (patient(identifier=[{"system": "a\x01"}]), "Patient.identifier[0].system", "value", "URI"),
    (patient(language="a\x01"), "Patient.language", "value", "a code"),
    (patient(name=[{"family": "\uffff"}]), "Patient.name[0].family", "value", "control"),
    (patient(identifier=[{"system": "a b"}]), "Patient.identifier[0].system", "value", "URI"),
    (patient(language=" de"), "Patient.language", "value", "a code"),
    (patient(multipleBirthInteger=1.5), "Patient.multipleBirth", "value", "whole number"),
    (patient(multipleBirthInteger=2**31), "Patient.multipleBirth", "value", "32 bits"),
    (patient(multipleBirthInteger=True), "Patient.multipleBirth", "value", "found boolean"),
    (patient(telecom=[{"rank": 0}]), "Patient.telecom[0].rank", "value", "1 or more"),
    (patient(photo=[{"size": -1}]), "Patient.photo[0].size", "value", "0 or more"),
    (patient(photo=[{"data": "not base64!"}]), "Patient.photo[0].data", "value", "base64"),
    (observation(valueQuantity={"value": "1"}), "Observation.value.value", "value", "found string '1'"),
    (observation(valueTime="10:00"), "Observation.value", "value", "seconds"),
    # required bindings
    (patient(gender="man"), "Patient.gender", "code-invalid", "female, male, other, unknown"),
    (patient(gender="Male"), "Patient.gender", "code-invalid", "'Male' is not one of"),
    (
        {"resourceType": "Flag", "status": "on", "code": {"text": "x"}, "subject": {"display": "x"}},
        "Flag.status",
        "code-invalid",
        "active, entered-in-error, inactive",
    ),
    (
        {
            "resourceType": "AllergyIntolerance",
            "patient": {"display": "x"},
            "clinicalStatus": {"coding": [{"system": "http://example.org", "code": "active"}]},
        },
        "AllergyIntolerance.clinicalStatus",
        "code-invalid",
        "allergyintolerance-clinical",
    ),
    # references, contained resources, extensions
    (
        observation(subject={"reference": "Unicorn/1"}),
        "Observation.subject.reference",
        "value",
        "no R4 resource type",
    ),
    (observation(subject={"reference": "#p"}), "Observation.subject.reference", "invariant", "'p'"),
    (
        patient(contained=[{"resourceType": "Organization"}]),
        "Patient.contained[0].id",
        "required",
        "needs an id",
    ),
    (
        patient(
            contained=[
                {
                    "resourceType": "Organization",
                    "id": "o",
                    "contained": [{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}],
                }
            ]
        ),
        "Patient.contained[0].contained",
        "invariant",
        "dom-2",
    ),
    (
        patient(contained=[{"resourceType": "Organization", "id": "o", "meta": {"versionId": "1"}}]),
        "Patient.contained[0].meta.versionId",
        "invariant",
        "cannot have",
    ),
    (
        patient(contained=[{"resourceType": "Organization", "id": "o", "partOf": {"reference": "#q"}}]),
        "Patient.contained[0].partOf.reference",
        "invariant",
        "'q'",
    ),
    (patient(contained=[{"id": "o"}]), "Patient.contained[0]", "structure", "needs a resourceType"),
    (
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient(gender="x")}]},
        "Bundle.entry[0].resource.gender",
        "code-invalid",
        "'x'",
    ),
    (
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Pation"}}]},
        "Bundle.entry[0].resource",
        "structure",
        "Did you mean Patient?",
    ),
    (patient(extension=[{"valueString": "x"}]), "Patient.extension[0].url", "required", "url is required"),
    (patient(extension=[extension()]), "Patient.extension[0]", "invariant", "ext-1"),
    (
        patient(extension=[extension(valueString="x", extension=[extension(valueString="y")])]),
        "Patient.extension[0]",
        "invariant",
        "ext-1",
    ),
    # narrative
    (patient(text={"status": "generated"}), "Patient.text.div", "required", "div is required"),
    (patient(text=narrative("<script>alert(1)</script>")), "Patient.text.div", "value", "<script>"),
    (patient(text=narrative("<p onclick='x()'>a</p>")), "Patient.text.div", "value", "onclick"),
    (patient(text=narrative("<a href=' javascript:x'>a</a>")), "Patient.text.div", "value", "href"),
    (patient(text=narrative("<p style='background:url(//x)'>a</p>")), "Patient.text.div", "value", "style"),
    (patient(text=narrative("<p>a")), "Patient.text.div", "value", "not well-formed"),
    (patient(text={"status": "generated", "div": "<p>a</p>"}), "Patient.text.div", "value", "Expected <div"),
    (
        patient(text={"status": "generated", "div": "<!DOCTYPE a [<!ENTITY b 'c'>]>" + DIV.format("&b;")}),
        "Patient.text.div",
        "value",
        "document type",
    ),
]


@pytest.mark.parametrize(("resource", "path", "code", "words"), INVALID)
def test_a_problem_names_its_place_and_its_kind(
    resource: dict[str, Any], path: str, code: str, words: str
) -> None:
    problems = validate(resource, resource["resourceType"])
    assert [(one.severity, one.path, one.code) for one in problems] == [("error", path, code)]
    assert words in problems[0].message


def test_a_reference_to_another_type_is_a_warning() -> None:
    found = validate(observation(subject={"reference": "Medication/1"}), "Observation")
    assert [(one.severity, one.path) for one in found] == [("warning", "Observation.subject.reference")]
    assert "Device, Group, Location, Patient" in found[0].message


def test_an_empty_narrative_is_a_warning() -> None:
    found = validate(patient(text=narrative(" ")), "Patient")
    assert [(one.severity, one.path) for one in found] == [("warning", "Patient.text.div")]


def test_all_problems_are_found_at_once() -> None:
    found = validate(patient(gender="x", birthDate="y", name=[{"use": "z"}]), "Patient")
    assert [one.path for one in found] == ["Patient.gender", "Patient.birthDate", "Patient.name[0].use"]


def test_a_flood_of_problems_is_cut_off() -> None:
    found = validate(patient(name=[{"family": ""}] * 5000), "Patient")
    assert len(found) == 101
    assert found[-1].severity == "information"


@pytest.mark.parametrize(
    "resource", [None, [], "x", 1, {}, {"resourceType": 1}, {"resourceType": "Observation"}]
)
def test_what_is_not_the_expected_resource_is_refused(resource: Any) -> None:
    assert [one.path for one in validate(resource, "Patient")] == ["Patient"]


def test_official_examples_are_valid(shared_data: Path) -> None:
    for line in (shared_data / "one-per-type.ndjson").read_bytes().splitlines():
        resource = json.decode(line)
        assert [one for one in validate(resource, resource["resourceType"]) if one.is_error] == []


def test_what_another_validator_refuses_is_refused_here() -> None:
    import fhirkit

    for resource, *_ in INVALID:
        if any(issue.severity == "error" for issue in fhirkit.validate(json.encode(resource))):
            assert validate(resource, resource["resourceType"])
