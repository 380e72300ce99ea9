"""reference: value × modifier × how the resource refers. https://hl7.org/fhir/R4/search.html#reference

A relative reference and the same address in full are one, whichever of them the search or the resource holds; an address elsewhere is
itself alone. References to a version are found without it.
"""

from typing import Any

from fhirserver.access import AccessGrant, Permission
from tests.fhirserver.client import BASE, Client
from tests.fhirserver.search.by_type.tables import (
    by_modifier,
    by_refused_modifier,
    found,
    require_found,
    require_refused,
)

ELSEWHERE = "http://other.example/fhir/Patient/1"
MRN = "http://mrn.example"


def subject(reference: str = "", **more: Any) -> dict[str, Any]:
    return {"subject": {**({"reference": reference} if reference else {}), **more}}


OBSERVATIONS: dict[str, dict[str, Any]] = {
    "a": subject("Patient/1"),
    "b": subject("Group/1"),
    "c": subject(ELSEWHERE),
    "d": subject("Patient/1/_history/2"),
    "e": subject(type="Patient", identifier={"system": MRN, "value": "7"}),
    "f": {**subject("#p"), "contained": [{"resourceType": "Patient", "id": "p"}]},
    "g": subject(f"{BASE}/Patient/1"),
    "h": {},
    "i": subject(display="Ann the Elder"),
    "j": subject("urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"),
    "k": subject("Patient/2", display="Änn", identifier={"value": "7"}),
    "l": subject(f"{BASE}/Group/1"),
    "m": subject(f"{BASE}2/Patient/1"),
}
SUBJECTS = by_modifier(
    "Observation?subject",
    {
        "Patient/1": "adg Patient:adg Group:-",
        f"{BASE}/Patient/1": "adg Patient:adg Group:-",
        "Patient/1/_history/2": "adg",
        "1": "Patient:adg Group:bl",
        "2": "k Patient:k Group:-",
        "Group/1": "bl Patient:- Group:bl",
        f"{BASE}/Group/1": "bl Group:bl",
        "Patient/2": "k Patient:k below:k above:k",
        "patient/1": "-",
        ELSEWHERE: "c Patient:c Group:-",
        f"{ELSEWHERE}/": "-",
        "http://other.example/fhir/Patient/2": "-",
        f"{BASE}2/Patient/1": "m",
        "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7": "j",
        "#p": "-",
        "p": "-",
        f"Patient/2,{BASE}/Group/1": "bkl",
        f"{BASE}/Patient/2,{BASE}/Patient/1": "adgk",
        f"{MRN}|7": "identifier:e",
        "7": "identifier:ek",
        "|7": "identifier:k",
        f"{MRN}|": "identifier:e",
        "8": "identifier:-",
        "ann": "text:ik",
        "ann the": "text:i",
        "elder": "text:-",
        "true": "missing:h",
        "false": "missing:^h",
    },
    "abcdefghijklm",
)
# `patient` is `subject` where that is a patient.
PATIENTS = by_modifier(
    "Observation?patient",
    {
        "Patient/1": "adg",
        "1": "adg",
        f"{BASE}/Patient/1": "adg",
        "Group/1": "-",
        "2": "k Patient:k",
        "7": "identifier:ek",
        "änn": "text:k",
        ELSEWHERE: "c",
        "true": "missing:bhijl",
    },
)
REACHED = {
    "Observation?subject:Patient.name=one": "adg",
    "Observation?patient.name=one": "adg",
    "Patient?_has:Observation:patient:_id=g": "1",
    "Patient/1/Observation?status=final": "adg",
    "Observation?_filter=subject re Patient/1": "adg",
    f"Observation?_filter=subject re {BASE}/Patient/1": "adg",
    "Patient?_list=list": "1",
}
MEASURE = "http://measures.example/Measure/m"
REPORTS: dict[str, dict[str, Any]] = {
    "a": {"measure": MEASURE},
    "b": {"measure": f"{MEASURE}|1.0"},
    "c": {"measure": f"{MEASURE}|2.0"},
    "d": {"measure": f"{BASE}/Measure/1"},
    "e": {"measure": f"{MEASURE}|10.2"},
}
CANONICALS = {
    f"MeasureReport?measure={MEASURE}": "abce",
    f"MeasureReport?measure={MEASURE}|1": "-",
    f"MeasureReport?measure={MEASURE}|1.0": "b",
    f"MeasureReport?measure={MEASURE}|3.0": "-",
    f"MeasureReport?measure={MEASURE}|1.0,{MEASURE}|2.0": "bc",
    # Of a canonical address all versions that begin so.
    f"MeasureReport?measure:below={MEASURE}": "abce",
    f"MeasureReport?measure:below={MEASURE}|1": "b",
    f"MeasureReport?measure:below={MEASURE}|1.0": "b",
    f"MeasureReport?measure:below={MEASURE}|1.0.0": "-",
    f"MeasureReport?measure:below={MEASURE}|10": "e",
    f"MeasureReport?measure={BASE}/Measure/1": "d",
    "MeasureReport?measure=Measure/1": "d",
    "MeasureReport?measure=1": "d",
    "MeasureReport?measure:missing=false": "abcde",
}
REFUSED = {
    # An id alone that stands for a patient and for a group.
    "Observation?subject=1": "subject=1 stands for resources of several types: name the type, for instance subject=Patient/1",
    "Observation?subject=2,1": "subject=1 stands for resources of several types",
    "MeasureReport?measure:above=x": "measure: the modifier :above is not possible here",
    "Observation?subject:missing=1": "subject:missing=1 is neither true nor false",
    "Observation?subject:identifier=a|b|c": "subject=a|b|c is not of the form code, system|code, |code or system|",
    **by_refused_modifier("Observation?subject", "1", "exact contains not in not-in of-type iterate patient Nothing"),
}  # fmt: skip


def written(client: Client, resource_type: str, by_id: dict[str, dict[str, Any]], **shared: Any) -> None:
    """By requests: only these know the server's address."""
    for name, one in by_id.items():
        resource = {"resourceType": resource_type, "id": name, **shared, **one}
        answered = client.put(f"{resource_type}/{name}", resource)
        assert answered.status == 201, answered.body


def test_references_are_found_by_every_modifier(client: Client) -> None:
    written(client, "Patient", {"1": {"name": [{"family": "One"}]}, "2": {}})
    written(client, "Observation", OBSERVATIONS, status="final", code={"text": "x"})
    held = {"list": {"entry": [{"item": {"reference": f"{BASE}/Patient/1"}}]}}
    written(client, "List", held, status="current", mode="working")
    require_found(client, SUBJECTS | PATIENTS | REACHED)


def test_what_refers_by_its_full_address_is_included(client: Client) -> None:
    written(client, "Patient", {"1": {}})
    written(client, "Observation", {"g": subject(f"{BASE}/Patient/1")}, status="final", code={"text": "x"})
    assert found(client, "Observation?_id=g&_include=Observation:subject") == "1g"
    assert found(client, "Patient?_id=1&_revinclude=Observation:subject") == "1g"


def test_a_full_address_is_no_way_into_the_record_of_another(client: Client) -> None:
    written(client, "Patient", {"1": {}, "2": {}})
    own = Permission("Observation", frozenset("cru"), ("Patient", "1"))
    confined = Client(client.partition, AccessGrant((own,)))
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        **subject(f"{BASE}/Patient/1"),
    }
    assert confined.post("Observation", resource).status == 201
    performer = {"performer": [{"reference": f"{BASE}/Patient/2"}]}
    assert confined.post("Observation", resource | performer).status == 403
    assert confined.post("Observation", resource | subject(f"{BASE}/Patient/2")).status == 403


def test_canonicals_are_found_with_and_without_their_version(client: Client) -> None:
    period = {"start": "2020"}
    written(client, "MeasureReport", REPORTS, status="complete", type="summary", period=period)
    require_found(client, CANONICALS)


def test_a_canonical_of_several_types_is_found_by_its_id(client: Client) -> None:
    part = {"relatedArtifact": [{"type": "composed-of", "resource": "PlanDefinition/7"}]}
    written(client, "Library", {"a": part, "b": {}}, status="draft", type={"text": "x"})
    queries = ("PlanDefinition/7", "7", "8", "Library/7")
    assert [found(client, f"Library?composed-of={one}") for one in queries] == ["a", "a", "-", "-"]


def test_what_no_reference_takes_is_refused_with_its_place(client: Client) -> None:
    written(client, "Observation", OBSERVATIONS, status="final", code={"text": "x"})
    require_refused(client, REFUSED)
