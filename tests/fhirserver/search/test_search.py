"""What each search finds, on every database: value × prefix × modifier over a small set, beside a partition of look-alikes."""

from typing import Any

import pytest

from fhirserver.access import AccessGrant, Permission
from fhirserver.partitions import reserve
from tests.fhirserver.client import Client

ANN = {
    "resourceType": "Patient",
    "id": "ann",
    "active": True,
    "gender": "female",
    "birthDate": "1970-01-31",
    "name": [{"family": "Müller", "given": ["Ann"]}],
    "identifier": [{"system": "http://mrn.example", "value": "A1"}],
}
BEN = {
    "resourceType": "Patient",
    "id": "ben",
    "gender": "male",
    "birthDate": "1980",
    "name": [{"family": "Smith", "given": ["Ben"]}],
}


def observation(logical_id: str, patient: str, date: str, value: str, code: str = "8310-5") -> dict[str, Any]:
    from decimal import Decimal

    return {
        "resourceType": "Observation",
        "id": logical_id,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": date,
        "valueQuantity": {
            "value": Decimal(value),
            "unit": "mg",
            "system": "http://unitsofmeasure.org",
            "code": "mg",
        },
    }


RESOURCES = [
    ANN,
    BEN,
    observation("o1", "ann", "2020-01-01T10:00:00Z", "5.4"),
    observation("o2", "ann", "2020-01-02T10:00:00+02:00", "7"),
    observation("o3", "ben", "2021", "9.0", "718-7"),
]


@pytest.fixture
def loaded(client: Client) -> Client:
    twin = Client(reserve(client.partition.region))
    for resource in RESOURCES:
        for one in (client, twin):
            answered = one.put(f"{resource['resourceType']}/{resource['id']}", resource)
            assert answered.status == 201, answered.body
    return client


def found(client: Client, query: str, mode: str = "match") -> list[str]:
    answered = client.get(query)
    assert answered.status == 200, answered.body
    entries = answered.json().get("entry", [])
    return [one["resource"]["id"] for one in entries if one["search"]["mode"] == mode]


CASES = {
    "Patient?name=muller": "ann",
    "Patient?family=MÜLL": "ann",
    "Patient?family:exact=Müller": "ann",
    "Patient?family:exact=müller": "",
    "Patient?family:contains=MIT": "ben",
    "Patient?name=ann,ben": "ann ben",
    "Patient?name=ann&name=smith": "",
    "Patient?gender=male": "ben",
    "Patient?gender=http://hl7.org/fhir/administrative-gender|male": "ben",
    "Patient?gender=http://wrong.example|male": "",
    "Patient?gender:not=male": "ann",
    "Patient?active:missing=true": "ben",
    "Patient?active=true": "ann",
    "Patient?identifier=http://mrn.example|A1": "ann",
    "Patient?identifier=http://mrn.example|": "ann",
    "Patient?identifier=|A1": "",
    "Patient?birthdate=1970-01": "ann",
    "Patient?birthdate=ge1980": "ben",
    "Patient?birthdate=lt1980": "ann",
    "Patient?birthdate=ne1980": "ann",
    "Patient?_id=ann,ben": "ann ben",
    "Patient?_id=ann&gender=male": "",
    "Patient?_lastUpdated=ge2020": "ann ben",
    "Patient?_has:Observation:patient:code=718-7": "ben",
    "Patient?_has:Observation:subject:date=2020-01-01": "ann",
    "Observation?patient=ann": "o1 o2",
    "Observation?subject=Patient/ben": "o3",
    "Observation?subject=ben": "o3",
    "Observation?subject:Patient=ben": "o3",
    "Observation?patient=ann&code=http://loinc.org|8310-5&status=final": "o1 o2",
    "Observation?date=2020-01-02T08:00:00Z": "o2",
    "Observation?date=sa2020": "o3",
    "Observation?date=eb2021": "o1 o2",
    "Observation?value-quantity=5.4": "o1",
    "Observation?value-quantity=gt5.4": "o2 o3",
    "Observation?value-quantity=0.0054|http://unitsofmeasure.org|g": "o1",
    "Observation?value-quantity=ge7||mg": "o2 o3",
    "Observation?value-quantity=ap9.5": "o3",
    "Observation?code-value-quantity=8310-5$lt6": "o1",
    "Observation?combo-code=718-7": "o3",
    "Observation?patient.name=smith": "o3",
    "Observation?subject:Patient.gender:not=male": "o1 o2",
    "Observation?subject:Patient._has:Observation:patient:encounter.patient.name=x": "",
    "Observation?derived-from:Observation.patient.general-practitioner:Practitioner.name=x": "",
    "Observation?subject:identifier=http://mrn.example|A1": "",
    "Observation?component-code-value-concept=http://loinc.org|1$http://loinc.org|2": "",
    "Patient/ann/Observation": "o1 o2",
    "Patient/ann/*": "ann o1 o2",
    "?_type=Patient,Observation&_lastUpdated=ge2020": "ann ben o1 o2 o3",
}


def test_each_search_finds_what_the_specification_says(loaded: Client) -> None:
    wrong = {
        query: got for query, want in CASES.items() if (got := sorted(found(loaded, query))) != want.split()
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("Patient?birthdate=1973-02-30", "birthdate"),
        ("Patient?gender:nosuchmodifier=male", "gender"),
        ("Observation?value-quantity=abc", "value-quantity"),
        ("Patient?_count=x", "_count"),
        ("Patient?_cursor=abc", "_cursor"),
        ("Patient?name.family=x", "name"),
    ],
)
def test_a_fault_is_400_and_names_the_parameter(loaded: Client, query: str, names: str) -> None:
    answered = loaded.get(query)
    assert answered.status == 400
    assert names in answered.json()["issue"][0]["diagnostics"]


def test_an_unknown_parameter_is_told_when_lenient_and_refused_when_strict(loaded: Client) -> None:
    bundle = loaded.get("Patient?nosuch=1&gender=male").json()
    assert [one["search"]["mode"] for one in bundle["entry"]] == ["match", "outcome"]
    assert "nosuch" not in bundle["link"][0]["url"]
    assert loaded.get("Patient?nosuch=1", prefer="handling=strict").status == 400


def test_newest_come_first_and_every_order_can_be_asked_for(loaded: Client) -> None:
    assert found(loaded, "Observation?status=final") == ["o3", "o2", "o1"]
    assert found(loaded, "Observation?_sort=date") == ["o1", "o2", "o3"]
    assert found(loaded, "Patient?_sort=-family") == ["ben", "ann"]
    assert found(loaded, "Patient?_sort=gender,family") == ["ann", "ben"]
    assert found(loaded, "Observation?_sort=-value-quantity") == ["o3", "o2", "o1"]


@pytest.mark.parametrize("sort", ["", "&_sort=date", "&_sort=-_id", "&_sort=status,-date"])
def test_pages_follow_each_other_without_gap_or_repetition(loaded: Client, sort: str) -> None:
    whole = found(loaded, f"Observation?status=final{sort}")
    seen, address = [], f"Observation?status=final&_count=1{sort}"
    while address:
        bundle = loaded.get(address).json()
        seen += [one["resource"]["id"] for one in bundle["entry"]]
        address = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), "")
    assert seen == whole


def test_totals_come_when_they_are_asked_for_or_known(loaded: Client) -> None:
    assert loaded.get("Observation?_total=accurate&_count=1").json()["total"] == 3
    assert "total" not in loaded.get("Observation?_count=1").json()
    counted = loaded.get("Observation?_summary=count").json()
    assert counted["total"] == 3
    assert "entry" not in counted


def test_includes_join_what_is_referred_to_and_what_refers(loaded: Client) -> None:
    assert found(loaded, "Observation?_id=o1&_include=Observation:patient", "include") == ["ann"]
    assert found(loaded, "Observation?_id=o1&_include=Observation:subject:Group", "include") == []
    assert sorted(found(loaded, "Patient?_id=ann&_revinclude=Observation:patient", "include")) == ["o1", "o2"]
    assert sorted(found(loaded, "Patient?_id=ann&_revinclude=*", "include")) == ["o1", "o2"]


def test_a_confined_grant_sees_its_compartment_on_every_branch(loaded: Client) -> None:
    own = Permission("*", frozenset("rs"), ("Patient", "ann"))
    ann = Client(loaded.partition, AccessGrant((own,)))
    assert found(ann, "Patient") == ["ann"]
    assert sorted(found(ann, "Observation")) == ["o1", "o2"]
    assert found(ann, "Observation?patient.name=smith") == []
    assert found(ann, "Patient?_has:Observation:patient:code=718-7") == []
    narrow = Permission("Observation", frozenset("rs"), restriction="code=718-7")
    assert found(Client(loaded.partition, AccessGrant((narrow,))), "Observation") == ["o3"]
    only = AccessGrant((Permission("Observation", frozenset("rs")),))
    assert found(Client(loaded.partition, only), "Observation?_include=Observation:patient", "include") == []
    assert found(Client(loaded.partition, only), "Observation?patient.name=ann") == []


def test_types_may_be_named_one_by_one(loaded: Client) -> None:
    for query in ("_type=Patient,Observation", "_type=Patient&_type=Observation"):
        assert loaded.get(f"?{query}&_summary=count").json()["total"] == 5
    assert loaded.get("?_type=Patient&_summary=count").json()["total"] == 2


def test_spaces_around_a_code_mean_nothing(loaded: Client) -> None:
    assert loaded.get("Patient?gender= male , nothing ").json()["total"] == 1
    assert loaded.get("Observation?code=http://loinc.org| 718-7").json()["total"] == 1


def test_empty_parameters_are_ignored(loaded: Client) -> None:
    names = ("_count", "_total", "_include", "_revinclude", "_sort", "_type", "_elements", "_summary", "name")
    answered = loaded.get(f"Patient?gender=male&{'&'.join(f'{name}=' for name in names)}").json()
    assert answered["total"] == 1
    assert answered["link"][0]["url"].endswith("/Patient?gender=male")


def test_elements_are_those_of_matches(loaded: Client) -> None:
    query = "Observation?_id=o1&_include=Observation:patient&_elements=status"
    match, joined = loaded.get(query).json()["entry"]
    assert ("valueQuantity" in match["resource"], "name" in joined["resource"]) == (False, True)
    # Unless they are named with their type.
    joined = loaded.get(f"{query},Patient.gender").json()["entry"][1]
    assert ("gender" in joined["resource"], "name" in joined["resource"]) == (True, False)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("_sort:desc=name", "_sort takes no modifier"),
        ("_count:exact=3", "_count takes no modifier"),
        ("_summary:not=text", "_summary takes no modifier"),
        ("_include:missing=Patient:organization", "the modifier missing is not possible here"),
        ("_include=Patient:name", "_include: Patient:name is not a reference parameter"),
        ("_revinclude=Observation:code", "_revinclude: Observation:code is not a reference parameter"),
        ("_revinclude=Observation:patient:Person1", "_revinclude: Person1 is not a resource type"),
        ("_include=Patient:organization&_summary=text", "_summary=text cannot be combined with _include"),
        ("_summary=text&_revinclude=*", "_summary=text cannot be combined with _revinclude"),
    ],
)
def test_what_shapes_an_answer_is_refused_when_it_has_no_meaning(
    client: Client, query: str, reason: str
) -> None:
    answered = client.get(f"Patient?{query}")
    assert answered.status == 400
    assert reason in answered.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    "prefer", ["handling=strict", 'Handling = "strict"', "return=minimal; handling=STRICT"]
)
def test_a_strict_client_is_refused_what_another_has_ignored(client: Client, prefer: str) -> None:
    assert client.get("Patient?colour=red", prefer=prefer).status == 400
    assert client.get("Patient?colour=red", prefer="handling=lenient").status == 200


def test_a_reference_to_a_version_brings_that_version(client: Client) -> None:
    for name in ("One", "Two", "Three"):
        client.put("Organization/o", {"resourceType": "Organization", "id": "o", "name": name})

    def joined(*references: str, grant: AccessGrant | None = None) -> list[str]:
        parts = [{"who": {"reference": one}} for one in references]
        client.put(
            "Provenance/p",
            {
                "resourceType": "Provenance",
                "id": "p",
                "target": [{"reference": "Patient/x"}],
                "recorded": "2020-01-01T00:00:00Z",
                "agent": parts,
            },
        )
        caller = Client(client.partition, grant) if grant else client
        entries = caller.get("Provenance?_id=p&_include=Provenance:agent").json()["entry"][1:]
        return [one["resource"]["name"] for one in entries]

    assert joined("Organization/o") == ["Three"]
    assert joined("Organization/o/_history/1") == ["One"]
    assert joined("Organization/o/_history/2", "Organization/o/_history/1") == ["Two", "One"]
    assert joined("Organization/o/_history/3") == ["Three"]
    # Where there is no such version, what is current.
    assert joined("Organization/o/_history/9") == ["Three"]
    assert joined("http://other.example/Organization/o/_history/1", "Organization/o") == ["Three"]
    # Who may read only some of a type is not shown what others once were.
    some = (
        Permission("Provenance", frozenset("rs")),
        Permission("Organization", frozenset("rs"), None, "name=three"),
    )
    assert joined("Organization/o/_history/1", grant=AccessGrant(some)) == ["Three"]
