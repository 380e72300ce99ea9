"""Modifiers: what each finds, what is refused, and that `behaviour` says what the engine takes."""

from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.access import AccessGrant, Permission
from fhirserver.search.limits import MAX_CODES
from fhirspec.catalogue import get_catalogue
from fhirspec.searchparams.behaviour import MODIFIERS, modifiers_of
from tests.fhirserver.client import BASE, Client

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
ANIMALS = "http://cs.example/animals"
PETS = "http://vs.example/pets"


def condition(logical_id: str, status: str, animal: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Condition",
        "id": logical_id,
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": status}]},
        "code": {
            "text": f"Bitten by {animal}",
            "coding": [{"system": ANIMALS, "code": animal, "display": "The beast"}],
        },
        "subject": {"reference": "Patient/ann", "display": "Änn the Elder"},
        **more,
    }


RESOURCES: list[dict[str, Any]] = [
    {
        "resourceType": "CodeSystem",
        "id": "animals",
        "url": ANIMALS,
        "status": "active",
        "content": "complete",
        "concept": [
            {"code": "mammal", "concept": [{"code": "dog", "concept": [{"code": "poodle"}]}, {"code": "cat"}]},
            {"code": "bird"},
        ],
    },
    {
        "resourceType": "ValueSet",
        "id": "pets",
        "url": PETS,
        "version": "2",
        "status": "active",
        "compose": {
            "include": [
                {"system": ANIMALS, "filter": [{"property": "concept", "op": "is-a", "value": "dog"}]},
                {"system": ANIMALS, "concept": [{"code": "cat"}]},
            ]
        },
    },
    {
        "resourceType": "Patient",
        "id": "ann",
        "gender": "female",
        "name": [{"text": "Ann Marie Elder"}],
        "identifier": [
            {
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
                "system": "urn:mrn",
                "value": "1",
            }
        ],
    },
    {"resourceType": "Patient", "id": "ben", "gender": "other"},
    condition("dog", "active", "dog"),
    condition("poodle", "relapse", "poodle", subject={"identifier": {"system": "urn:mrn", "value": "1"}}),
    condition("cat", "resolved", "cat"),
    condition("bird", "inactive", "bird", subject={"reference": "Patient/ben"}),
]  # fmt: skip


@pytest.fixture
def loaded(client: Client) -> Client:
    bulk.load(client.partition, RESOURCES, validate=True)
    return client


def found(client: Client, query: str) -> str:
    answered = client.get(query)
    assert answered.status == 200, (query, answered.body)
    return " ".join(sorted(one["resource"]["id"] for one in answered.json().get("entry", [])))


CASES = {
    f"Condition?code:in={PETS}": "cat dog poodle",
    f"Condition?code:in={PETS}|2": "cat dog poodle",
    "Condition?code:in=ValueSet/pets": "cat dog poodle",
    f"Condition?code:in={BASE}/ValueSet/pets": "cat dog poodle",
    f"Condition?code:not-in={BASE}/ValueSet/pets": "bird",
    f"Condition?code:not-in={PETS}": "bird",
    f"Condition?code:in={PETS}&clinical-status=resolved": "cat",
    "Patient?gender:in=http://hl7.org/fhir/ValueSet/administrative-gender": "ann ben",
    "Patient?gender:not-in=http://hl7.org/fhir/ValueSet/administrative-gender": "",
    f"Condition?code:below={ANIMALS}|dog": "dog poodle",
    f"Condition?code:below={ANIMALS}|mammal": "cat dog poodle",
    f"Condition?code:below={ANIMALS}|bird,{ANIMALS}|cat": "bird cat",
    f"Condition?code:below={ANIMALS}|unicorn": "",
    f"Condition?code:above={ANIMALS}|poodle": "dog poodle",
    f"Condition?code:above={ANIMALS}|mammal": "",
    f"Condition?clinical-status:below={CLINICAL}|active": "dog poodle",
    f"Condition?clinical-status:below={CLINICAL}|inactive": "bird cat",
    f"Condition?clinical-status:above={CLINICAL}|relapse": "dog poodle",
    "Patient?gender:below=female": "ann",
    f"Patient?_has:Condition:patient:code:below={ANIMALS}|dog": "ann",
    f"Condition?subject:Patient.gender:in=http://hl7.org/fhir/ValueSet/administrative-gender&code:in={PETS}": "cat dog",
    "Condition?code:text=bitten by d": "dog",
    "Condition?code:text=THE BEAST": "bird cat dog poodle",
    "Condition?subject:text=ann the": "cat dog",
    "Condition?patient:text=änn": "cat dog",
    "Condition?subject:identifier=urn:mrn|1": "poodle",
    "Condition?subject:Patient=ben": "bird",
    "Condition?subject:Group=ben": "",
    "Condition?subject:missing=false": "bird cat dog poodle",
    "Patient?name:text=elder ann": "ann",
    "Patient?name:text=elder bob": "",
    "Patient?name:contains=marie e": "ann",
    "Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|1": "ann",
    "Patient?identifier:not=urn:mrn|1": "ben",
    "Patient?gender:not=other,female": "",
    "ValueSet?url:below=http://vs.example/": "pets",
    "ValueSet?url:below=http://vs.example/pets/of": "",
    "ValueSet?url:above=http://vs.example/pets/of/mine": "pets",
}


def test_each_modifier_finds_what_the_specification_says(loaded: Client) -> None:
    assert {query: found(loaded, query) for query in CASES} == CASES


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("Condition?code:in=http://vs.example/nosuch", "not known here"),
        ("Condition?code:in=ValueSet/nosuch", "not known here"),
        ("Condition?code:below=http://cs.example/nosuch|x", "not known here"),
        ("Condition?code:below=dog", "system|code"),
        ("Condition?code:in=http://hl7.org/fhir/ValueSet/all-languages", "code:in"),
        ("Condition?code:exact=x", ":not-in"),
        ("Condition?code:of-type=http://cs.example|a|b", "the modifier :of-type is not possible here"),
        ("Patient?gender:of-type=http://cs.example|a|b", "the modifier :of-type is not possible here"),
        ("Patient?identifier:exact=x", ":of-type"),
        ("Patient?_id:not=ann", "none"),
        ("Patient?birthdate:contains=1970", ":missing"),
        ("Patient?name:below=a", ":contains"),
    ],
)
def test_what_cannot_be_told_is_refused_with_the_reason(loaded: Client, query: str, reason: str) -> None:
    answered = loaded.get(query)
    assert answered.status == 400
    assert reason in answered.json()["issue"][0]["diagnostics"]


def test_a_value_set_of_too_many_codes_names_the_limit(client: Client) -> None:
    concepts = [{"code": f"c{number}"} for number in range(MAX_CODES + 1)]
    bulk.load(
        client.partition,
        [
            {
                "resourceType": "ValueSet",
                "id": "large",
                "url": "http://vs.example/large",
                "status": "active",
                "compose": {"include": [{"system": ANIMALS, "concept": concepts}]},
            }
        ],
    )
    answered = client.get("Condition?code:in=http://vs.example/large")
    assert answered.status in (400, 403, 413)
    assert "MAX_CODES" in answered.json()["issue"][0]["diagnostics"]


def test_a_value_set_that_the_caller_may_not_read_is_not_known(loaded: Client) -> None:
    only = Client(loaded.partition, AccessGrant((Permission("Condition", frozenset("rs")),)))
    assert found(only, "Condition?code=cat") == "cat"
    assert only.get(f"Condition?code:in={PETS}").status == 400
    assert only.get(f"Condition?code:below={ANIMALS}|dog").status == 400


def test_modifiers_stay_inside_of_the_grant(loaded: Client) -> None:
    own = Permission("Condition", frozenset("rs"), ("Patient", "ben"))
    values = Permission("*", frozenset("rs"))
    ben = Client(loaded.partition, AccessGrant((own, *(Permission(name, values.interactions) for name in ("ValueSet", "CodeSystem")))))  # fmt: skip
    assert found(ben, f"Condition?code:in={PETS}") == ""
    assert found(ben, f"Condition?code:not-in={PETS}") == "bird"
    assert found(ben, f"Condition?code:below={ANIMALS}|bird") == "bird"


VALUES = {
    "missing": "true",
    "in": "http://hl7.org/fhir/ValueSet/administrative-gender",
    "not-in": "http://hl7.org/fhir/ValueSet/administrative-gender",
    "of-type": "http://terminology.hl7.org/CodeSystem/v2-0203|MR|1",
    "above": f"{CLINICAL}|active",
    "below": f"{CLINICAL}|active",
}
PLAIN = {"date": "2020", "number": "1", "quantity": "1", "special": "x", "composite": "a$1"}


def test_every_parameter_takes_its_modifiers_and_no_others(client: Client) -> None:
    every = {modifier for listed in MODIFIERS.values() for modifier in listed}
    wrong = []
    for resource_type in ("Patient", "Observation", "RiskAssessment", "ValueSet"):
        for one in get_catalogue().search_parameters(resource_type).values():
            if one.code in ("_text", "_content", "_filter", "_query"):
                continue
            for modifier in every:
                value = VALUES.get(modifier, PLAIN.get(one.type, "x"))
                answered = client.get(f"{resource_type}?{one.code}:{modifier}={value}&_count=0")
                if (answered.status == 200) != (modifier in modifiers_of(one)):
                    wrong.append(f"{resource_type}?{one.code}:{modifier} {answered.status}")
    assert wrong == []
