"""$validate: every kind of fault with its path as a FHIRPath expression, at type and instance level, in each mode."""

from typing import Any

import pytest
from fhirpathpy import evaluate
from fhirpathpy.models import models

from fhirserver.access import READ_ONLY, AccessGrant, Permission
from tests.fhirserver.client import Client

PATIENT: dict[str, Any] = {"resourceType": "Patient"}
OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
P = {"resourceType": "Patient", "id": "p"}
HELD = {**OBSERVATION, "subject": {"reference": "#p"}}
BP = "http://hl7.org/fhir/StructureDefinition/bp"


def patient(**elements: Any) -> dict[str, Any]:
    return {**PATIENT, **elements}


def observation(**elements: Any) -> dict[str, Any]:
    return {**OBSERVATION, **elements}


def extended(*extensions: Any) -> dict[str, Any]:
    return patient(extension=list(extensions))


def claiming(*profiles: str) -> dict[str, Any]:
    return observation(meta={"profile": list(profiles)})


# what: (resource, (severity, code, expression) of each issue but the advice on narratives)
BROKEN: dict[str, tuple[dict[str, Any], list[tuple[str, str, str]]]] = {
    "wrong type of a primitive": (observation(status=7), [("error", "value", "Observation.status")]),
    "text for a number": (observation(valueQuantity={"value": "1"}), [("error", "value", "Observation.value.value")]),
    "text for an object": (observation(code="x"), [("error", "structure", "Observation.code")]),
    "missing what is required": ({"resourceType": "Observation"}, [("error", "required", "Observation.status"), ("error", "required", "Observation.code")]),
    "missing within an element": (observation(component=[{"valueString": "a"}]), [("error", "required", "Observation.component[0].code")]),
    "unknown element": (patient(nonsense=1), [("error", "structure", "Patient.nonsense")]),
    "unknown element that is no identifier": (patient(**{"foo-bar": 1}), [("error", "structure", "Patient.`foo-bar`")]),
    "unknown element within": (patient(name=[{"family": "a"}, {"familie": "b"}]), [("error", "structure", "Patient.name[1].familie")]),
    "one where many may be": (patient(name={"family": "a"}), [("error", "structure", "Patient.name")]),
    "many where one may be": (patient(gender=["male"]), [("error", "structure", "Patient.gender")]),
    "two of a choice": (patient(multipleBirthBoolean=True, multipleBirthInteger=1), [("error", "structure", "Patient.multipleBirth")]),
    "nothing in an array": (patient(contact=[]), [("error", "structure", "Patient.contact")]),
    "nothing in an element": (observation(referenceRange=[{"text": "a"}, {}]), [("error", "structure", "Observation.referenceRange[1]")]),
    "null beside nothing": (patient(name=[{"given": ["a", None], "_given": [None, None]}]), [("error", "structure", "Patient.name[0].given[1]")]),
    "bad code in a required binding": (patient(gender="m"), [("error", "code-invalid", "Patient.gender")]),
    "bad code deep inside": (patient(telecom=[{"system": "phone"}, {"system": "pigeon"}]), [("error", "code-invalid", "Patient.telecom[1].system")]),
    "broken invariant": (patient(contact=[{"relationship": [{"text": "x"}]}]), [("error", "invariant", "Patient.contact[0]")]),
    "broken invariant of a type": (observation(valueQuantity={"value": 1, "code": "mg"}), [("error", "invariant", "Observation.value")]),
    "reference to a wrong type": (observation(subject={"reference": "Medication/1"}), [("warning", "structure", "Observation.subject.reference")]),
    "reference to nothing of R4": (observation(subject={"reference": "Nothing/1"}), [("error", "value", "Observation.subject.reference")]),
    "reference to nothing contained": (observation(subject={"reference": "#x"}), [("error", "invariant", "Observation.subject.reference")]),
    "day that does not exist": (patient(birthDate="1970-02-30"), [("error", "value", "Patient.birthDate")]),
    "time without a zone": (observation(effectiveDateTime="2020-01-01T10:00"), [("error", "value", "Observation.effective")]),
    "id with a space": (patient(id="a b"), [("error", "value", "Patient.id")]),
    "fault in what is contained": ({**HELD, "contained": [{**P, "gender": "m"}]}, [("error", "code-invalid", "Observation.contained[0].gender")]),
    "contained without id": ({**OBSERVATION, "contained": [PATIENT]}, [("error", "required", "Observation.contained[0].id")]),
    "contained in contained": ({**HELD, "contained": [{**P, "contained": [{**P, "id": "q"}]}]}, [("error", "invariant", "Observation.contained[0].contained")]),
    "contained for nothing": ({**OBSERVATION, "contained": [P]}, [("error", "invariant", "Observation.contained[0]")]),
    "two contained of one id": ({**HELD, "contained": [P, P]}, [("error", "duplicate", "Observation.contained[1].id")]),
    "two elements of one id": (patient(name=[{"id": "a", "family": "x"}], contact=[{"name": {"id": "a", "family": "y"}}]), [("error", "duplicate", "Patient.contact[0].name.id")]),
    "extension without url": (extended({"valueString": "a"}), [("error", "required", "Patient.extension[0].url")]),
    "extension without value": (extended({"url": "http://a.example"}), [("error", "invariant", "Patient.extension[0]")]),
    "extension with value and extensions": (extended({"url": "http://a.example", "valueString": "a", "extension": [{"url": "b", "valueString": "c"}]}), [("error", "invariant", "Patient.extension[0]")]),
    "extension of a wrong type": (extended({"url": "http://a.example", "valueFoo": "a"}), [("error", "structure", "Patient.extension[0].valueFoo")]),
    "extension of a primitive": (patient(_birthDate={"extension": [{"url": "http://a.example"}]}), [("error", "invariant", "Patient.birthDate.extension[0]")]),
    "profile that is no canonical": (claiming("nonsense"), [("warning", "value", "Observation.meta.profile[0]")]),
    "profile that is not known": (claiming("http://unknown.example/p"), [("information", "not-supported", "Observation.meta.profile[0]")]),
    "same address twice in a Bundle": ({"resourceType": "Bundle", "type": "collection", "entry": [{"fullUrl": "urn:uuid:1", "resource": PATIENT}] * 2}, [("error", "invariant", "Bundle")]),
    "fault in an entry": ({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": patient(gender="m")}]}, [("error", "code-invalid", "Bundle.entry[0].resource.gender")]),
    "no resource of R4": ({"resourceType": "Patients"}, [("error", "structure", "Patients")]),
}  # fmt: skip


def issues(client: Client, address: str, body: Any = None) -> list[tuple[str, str, str]]:
    answered = client.post(address, body) if body is not None else client.get(address)
    assert answered.status == 200, answered.body
    return [
        (one["severity"], one["code"], one.get("expression", [""])[0])
        for one in answered.json()["issue"]
        if "(dom-6)" not in one["diagnostics"]
    ]


def of_parameters(resource: dict[str, Any], **parameters: str) -> dict[str, Any]:
    kinds = {"mode": "valueCode", "profile": "valueUri"}
    listed = [{"name": name, kinds[name]: value} for name, value in parameters.items()]
    return {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": resource}, *listed]}


@pytest.mark.parametrize("what", BROKEN)
def test_each_fault_is_told_with_its_path(client: Client, what: str) -> None:
    resource, expected = BROKEN[what]
    kind = resource["resourceType"] if resource["resourceType"] != "Patients" else "Patient"
    misplaced = [("error", "invalid", "Patients")] if kind != resource["resourceType"] else []
    assert issues(client, f"{kind}/$validate", resource) == misplaced + expected
    assert issues(client, f"{kind}/$validate", of_parameters(resource)) == misplaced + expected
    for _, _, expression in expected:
        # An expression in the language of FHIRPath; what it leads to may be what is missing.
        evaluate(resource, expression, None, models["r4"])
    assert client.get("_history").json().get("entry") is None


@pytest.mark.parametrize(
    "what", [name for name, (_, expected) in BROKEN.items() if expected[0][0] == "error"]
)
def test_what_has_errors_of_structure_cannot_be_stored(client: Client, what: str) -> None:
    resource, expected = BROKEN[what]
    later = {"broken invariant", "broken invariant of a type", "contained for nothing", "two elements of one id", "same address twice in a Bundle"}  # fmt: skip
    if what in later or resource["resourceType"] == "Patients":
        return
    refused = client.post(resource["resourceType"], resource)
    assert refused.status == 422
    assert [one["expression"][0] for one in refused.json()["issue"]] == [path for _, _, path in expected]


def test_the_elements_of_a_definition_are_named_alike_in_both_views(client: Client) -> None:
    definition = client.get("OperationDefinition/Patient-everything").json()
    assert not [
        one for one in issues(client, "OperationDefinition/$validate", definition) if one[1] == "duplicate"
    ]
    element = {"id": "Patient", "path": "Patient"}
    profile = {
        "resourceType": "StructureDefinition",
        "url": "http://a.example/p",
        "name": "P",
        "status": "draft",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "snapshot": {"element": [element]},
        "differential": {"element": [element]},
    }
    assert not [
        one for one in issues(client, "StructureDefinition/$validate", profile) if one[1] == "duplicate"
    ]


# (resource that is sent, if any, query, issues) at Patient/here, which is stored with a gender.
AT_INSTANCE: list[tuple[dict[str, Any] | None, str, list[tuple[str, str, str]]]] = [
    (None, "", []),
    (None, "mode=update", []),
    (None, "mode=delete", []),
    (patient(id="here", gender="x"), "mode=delete", []),
    (patient(id="here"), "mode=update", []),
    (patient(), "mode=update", [("error", "required", "Patient.id")]),
    (patient(id="other"), "mode=update", [("error", "invalid", "Patient.id")]),
    (patient(id="here", gender="x"), "mode=update", [("error", "code-invalid", "Patient.gender")]),
    (patient(id="here"), "mode=create", [("error", "business-rule", "Patient")]),
    (observation(id="here"), "", [("error", "invalid", "Observation")]),
    (None, "mode=profile&profile=http://hl7.org/fhir/StructureDefinition/Patient", []),
    (None, "mode=profile&profile=http://unknown.example/p", [("error", "not-supported", "")]),
    (None, "profile=no%20canonical", [("error", "value", "")]),
]  # fmt: skip


@pytest.mark.parametrize("case", AT_INSTANCE, ids=range(len(AT_INSTANCE)))
def test_modes_at_an_instance(
    client: Client, case: tuple[dict[str, Any] | None, str, list[tuple[str, str, str]]]
) -> None:
    resource, query, expected = case
    client.put("Patient/here", patient(id="here", gender="male"))
    told = issues(client, f"Patient/here/$validate?{query}", resource)
    assert [one for one in told if one != ("information", "informational", "")] == expected
    assert client.get("Patient/here").headers["ETag"] == 'W/"1"'


def test_modes_at_a_type(client: Client) -> None:
    assert issues(client, "Patient/$validate?mode=create", patient(gender="x")) == [("error", "code-invalid", "Patient.gender")]  # fmt: skip
    assert issues(client, "Patient/$validate?mode=update", patient()) == [("error", "required", "Patient.id")]
    assert issues(client, "Patient/$validate", of_parameters(patient(), mode="update")) == [("error", "required", "Patient.id")]  # fmt: skip
    asked = of_parameters(observation(), mode="profile", profile=BP)
    missing = [
        path for severity, _, path in issues(client, "Observation/$validate", asked) if severity == "error"
    ]
    assert "Observation.component" in missing
    for query, named in (
        ("mode=delete", "mode=delete"),
        ("mode=profile", "profile"),
        ("mode=guess", "mode=guess"),
    ):
        refused = client.post(f"Patient/$validate?{query}", patient())
        assert (refused.status, named in refused.json()["issue"][0]["diagnostics"]) == (400, True)
    assert client.get("Patient/$validate").status == 400
    assert client.get("Patient/none/$validate?mode=delete").status == 404
    assert issues(client, "Patient/$validate", of_parameters({"gender": "male"})) == [
        ("error", "structure", "")
    ]


def test_a_write_that_is_not_allowed_is_told(client: Client) -> None:
    client.put("Patient/here", patient(id="here"))
    reader = Client(client.partition, READ_ONLY)
    for mode in ("create", "update", "delete"):
        address = "Patient/$validate" if mode == "create" else "Patient/here/$validate"
        told = issues(reader, f"{address}?mode={mode}", patient(id="here"))
        assert told == [("error", "forbidden", "")], mode
    assert issues(reader, "Patient/$validate", patient()) == []


def test_a_resource_of_any_type_is_validated_at_the_system(client: Client) -> None:
    no_status = {"resourceType": "Observation", "code": {"text": "x"}}
    for body in (
        no_status,
        {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": no_status}]},
    ):
        answered = client.post("$validate", body)
        assert answered.status == 200
        assert [one["expression"] for one in answered.json()["issue"] if one["severity"] == "error"] == [
            ["Observation.status"]
        ]
    assert client.post("$validate", {"resourceType": "Patient"}).json()["issue"][0]["severity"] != "error"
    assert client.post("$validate?mode=delete", {"resourceType": "Patient"}).status == 400
    reader = Client(client.partition, AccessGrant((Permission("Patient", frozenset("r")),)))
    refused = reader.post("$validate?mode=create", {"resourceType": "Patient"})
    assert refused.json()["issue"][0]["code"] == "forbidden"
    listed = {one["name"]: one["definition"] for one in client.get("metadata").json()["rest"][0]["operation"]}
    [found] = client.get(f"OperationDefinition?url={listed['validate']}").json()["entry"]
    assert found["resource"]["system"] is True
