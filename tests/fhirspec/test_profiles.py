"""Profiles: cardinality, values, slicing by each discriminator, bindings, extensions, rules."""

from pathlib import Path
from typing import Any

import pytest

from fhirspec import json
from fhirspec.package import read_package
from fhirspec.validation.profiles import ProfileChecker, UnusableProfile, must_support

URL = "http://example.org/StructureDefinition/profile"
EXTENSION_URL = "http://example.org/StructureDefinition/colour"


def element(id_: str, minimum: int = 0, maximum: str = "*", **more: Any) -> dict[str, Any]:
    path = ".".join(step.partition(":")[0] for step in id_.split("."))
    slice_name = id_.rpartition(".")[2].partition(":")[2]
    named = {"sliceName": slice_name} if slice_name else {}
    return {"id": id_, "path": path, "min": minimum, "max": maximum, **named, **more}


def typed(*codes: str, **more: Any) -> dict[str, Any]:
    return {"type": [{"code": code, **more} for code in codes]}


def sliced(kind: str, path: str, rules: str = "open") -> dict[str, Any]:
    return {"slicing": {"discriminator": [{"type": kind, "path": path}], "rules": rules}}


def bound(strength: str) -> dict[str, Any]:
    return {
        "binding": {"strength": strength, "valueSet": "http://example.org/vs"},
        **typed("CodeableConcept"),
    }


PATIENT: list[dict[str, Any]] = [
    element(
        "Patient",
        constraint=[
            {"key": "own-1", "severity": "error", "human": "No photos.", "expression": "photo.empty()"}
        ],
    ),
    element("Patient.extension", **sliced("value", "url")),
    element("Patient.extension:colour", 0, "1", **typed("Extension", profile=[EXTENSION_URL])),
    element("Patient.identifier", 1, "3", **sliced("value", "system"), mustSupport=True),
    element("Patient.identifier:mrn", 1, "1", mustSupport=True),
    element("Patient.identifier:mrn.system", 1, "1", fixedUri="http://example.org/mrn"),
    element("Patient.identifier:mrn.value", 1, "1", mustSupport=True),
    element("Patient.active", 0, "1", fixedBoolean=True),
    element("Patient.maritalStatus", 0, "1", **bound("required")),
    element("Patient.deceased[x]", 0, "1", **typed("boolean")),
    element("Patient.telecom", 0, "*", **sliced("exists", "period")),
    element("Patient.telecom:old", 0, "1"),
    element("Patient.telecom:old.period", 1, "1"),
    element("Patient.communication", 0, "*", **sliced("pattern", "language", "closed")),
    element("Patient.communication:english", 0, "1"),
    element(
        "Patient.communication:english.language", 1, "1", patternCodeableConcept={"coding": [{"code": "en"}]}
    ),
    element("Patient.photo"),
]
OBSERVATION: list[dict[str, Any]] = [
    element("Observation"),
    element("Observation.category", 1, "*", patternCodeableConcept={"coding": [{"code": "lab"}]}),
    element("Observation.code", 1, "1", **bound("extensible")),
    element("Observation.value[x]", 0, "1", **typed("Quantity", "string"), **sliced("type", "$this")),
    element("Observation.value[x]:valueQuantity", 0, "1", **typed("Quantity")),
    element("Observation.value[x]:valueQuantity.unit", 1, "1"),
]
COLOUR = [element("Extension"), element("Extension.value[x]", 1, "1", **typed("code"))]

KNOWN: dict[str, dict[str, Any]] = {
    f"{URL}-patient": {"resourceType": "StructureDefinition", "snapshot": {"element": PATIENT}},
    f"{URL}-observation": {"resourceType": "StructureDefinition", "snapshot": {"element": OBSERVATION}},
    EXTENSION_URL: {"resourceType": "StructureDefinition", "snapshot": {"element": COLOUR}},
    f"{URL}-bare": {"resourceType": "StructureDefinition", "url": f"{URL}-bare"},
    "http://example.org/vs": {
        "resourceType": "ValueSet",
        "compose": {"include": [{"system": "http://example.org/cs", "concept": [{"code": "good"}]}]},
    },
}
MRN = {"system": "http://example.org/mrn", "value": "1"}
GOOD = {"coding": [{"system": "http://example.org/cs", "code": "good"}]}
BAD = {"coding": [{"system": "http://example.org/cs", "code": "bad"}]}


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "identifier": [MRN], **elements}


def observation(**elements: Any) -> dict[str, Any]:
    lab = {"category": [{"coding": [{"code": "lab", "display": "Lab"}]}], "code": GOOD}
    return {"resourceType": "Observation", **lab, **elements}


def extension(**elements: Any) -> list[dict[str, Any]]:
    return [{"url": EXTENSION_URL, **elements}]


CONFORMING: list[dict[str, Any]] = [
    patient(),
    patient(active=True, maritalStatus=GOOD, deceasedBoolean=False, extension=extension(valueCode="red")),
    patient(identifier=[{"system": "urn:x", "value": "2"}, MRN]),
    patient(telecom=[{"value": "1"}, {"value": "2"}, {"value": "3", "period": {"start": "2020"}}]),
    patient(communication=[{"language": {"coding": [{"system": "urn:x", "code": "en"}]}}]),
    patient(extension=[{"url": "http://example.org/other", "valueString": "x"}]),
    observation(),
    observation(valueString="x"),
    observation(valueQuantity={"value": 1, "unit": "kg"}),
    observation(code={"text": "free"}),
]

LACKING: list[tuple[dict[str, Any], str, str, str, str]] = [
    (patient(identifier=[]), "Patient.identifier", "required", "error", "at least 1 identifier"),
    (patient(identifier=[{"system": "urn:x"}]), "Patient.identifier", "required", "error", "identifier:mrn"),
    (patient(identifier=[MRN, MRN]), "Patient.identifier", "structure", "error", "at most 1 identifier:mrn"),
    (
        patient(identifier=[{"system": MRN["system"]}]),
        "Patient.identifier[0].value",
        "required",
        "error",
        "at least 1 value",
    ),
    (patient(active=False), "Patient.active", "value", "error", "fixes active to True"),
    (patient(maritalStatus=BAD), "Patient.maritalStatus", "code-invalid", "error", "is required"),
    (patient(deceasedDateTime="2020"), "Patient.deceased", "structure", "error", "allows boolean here"),
    (
        patient(telecom=[{"period": {"start": "2020"}}, {"period": {"start": "2021"}}]),
        "Patient.telecom",
        "structure",
        "error",
        "telecom:old",
    ),
    (
        patient(communication=[{"language": {"coding": [{"code": "de"}]}}]),
        "Patient.communication[0]",
        "structure",
        "error",
        "none of english",
    ),
    (
        patient(extension=extension(valueString="red")),
        "Patient.extension[0].value",
        "structure",
        "error",
        "allows code here",
    ),
    (patient(photo=[{"title": "x"}]), "Patient", "invariant", "error", "own-1"),
    (
        observation(category=[{"coding": [{"code": "x"}]}]),
        "Observation.category[0]",
        "value",
        "error",
        "asks category to have",
    ),
    (observation(code=BAD), "Observation.code", "code-invalid", "warning", "should be used"),
    (
        observation(valueQuantity={"value": 1}),
        "Observation.value.unit",
        "required",
        "error",
        "at least 1 unit",
    ),
]


@pytest.fixture(scope="module")
def checker() -> ProfileChecker:
    return ProfileChecker(KNOWN.get)


def profile_of(resource: dict[str, Any]) -> str:
    return f"{URL}-{resource['resourceType'].lower()}"


@pytest.mark.parametrize("resource", CONFORMING)
def test_a_conforming_resource_has_no_problems(checker: ProfileChecker, resource: dict[str, Any]) -> None:
    assert checker.check(resource, profile_of(resource)) == []


@pytest.mark.parametrize(("resource", "path", "code", "severity", "words"), LACKING)
def test_what_a_resource_lacks_is_named_with_its_place(
    checker: ProfileChecker, resource: dict[str, Any], path: str, code: str, severity: str, words: str
) -> None:
    found = checker.check(resource, profile_of(resource))
    assert (path, code, severity) in [(one.path, one.code, one.severity) for one in found]
    assert any(words in one.message for one in found)


def test_a_profile_of_another_type_does_not_fit(checker: ProfileChecker) -> None:
    (found,) = checker.check({"resourceType": "Basic"}, f"{URL}-patient")
    assert "is for Patient, not for Basic" in found.message


@pytest.mark.parametrize(
    ("canonical", "words"), [(f"{URL}-none", "not known"), (f"{URL}-bare", "no snapshot")]
)
def test_a_profile_that_cannot_be_used_says_why(checker: ProfileChecker, canonical: str, words: str) -> None:
    with pytest.raises(UnusableProfile, match=words):
        checker.check(patient(), canonical)


def test_must_support_elements_are_listed_with_their_slices(checker: ProfileChecker) -> None:
    found = [(one.path, one.slice_name) for one in must_support(checker.profile(f"{URL}-patient"))]
    assert found == [
        ("Patient.identifier", ""),
        ("Patient.identifier", "mrn"),
        ("Patient.identifier.value", ""),
    ]


def test_the_blood_pressure_profile_of_r4_tells_its_components_apart() -> None:
    def component(code: str) -> dict[str, Any]:
        return {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueQuantity": {
                "value": 1,
                "unit": "mmHg",
                "system": "http://unitsofmeasure.org",
                "code": "mm[Hg]",
            },
        }

    category = {"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs"}
    reading = {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [category]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": "2020-01-01",
        "component": [component("8480-6"), component("8462-4")],
    }
    canonical = "http://hl7.org/fhir/StructureDefinition/bp"
    checker = ProfileChecker(lambda url: None)
    assert [one for one in checker.check(reading, canonical) if one.is_error] == []
    reading["component"] = [component("8480-6")]
    found = [one for one in checker.check(reading, canonical) if one.is_error]
    assert {one.path for one in found} == {"Observation.component"}
    assert "at least 1 component:DiastolicBP" in found[-1].message


@pytest.mark.parametrize("version", ["5.0.1", "6.1.0"])
def test_us_core_patients_conform_to_what_they_claim(shared_data: Path, version: str) -> None:
    package = read_package((shared_data / "us-core" / f"hl7.fhir.us.core-{version}.tgz").read_bytes())
    checker, checked = ProfileChecker(package.find), 0
    for file in sorted((shared_data / "us-core-patients").glob("*.json")):
        for entry in json.decode(file.read_bytes())["entry"]:
            resource = entry["resource"]
            for canonical in resource.get("meta", {}).get("profile", ()):
                if package.find(canonical):
                    checked += 1
                    assert [one for one in checker.check(resource, canonical) if one.is_error] == []
    assert checked > 300
