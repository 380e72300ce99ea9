"""Terminology: value sets are expanded from code systems, lists, filters and each other, or say why they cannot be."""

from typing import Any

import pytest

from fhirspec.catalogue import get_catalogue
from fhirspec.terminology import (
    CannotExpand,
    Terminology,
    UnknownCodeSystem,
    UnknownValueSet,
    catalogue_terminology,
    code_set,
    subsumption,
)

ANIMALS: dict[str, Any] = {
    "resourceType": "CodeSystem",
    "url": "http://example.org/animals",
    "status": "active",
    "content": "complete",
    "caseSensitive": False,
    "concept": [
        {
            "code": "mammal",
            "display": "Mammal",
            "property": [{"code": "notSelectable", "valueBoolean": True}],
            "concept": [
                {"code": "cat", "display": "Cat", "property": [{"code": "legs", "valueInteger": 4}]},
                {"code": "whale", "display": "Whale", "concept": [{"code": "orca", "display": "Orca"}]},
            ],
        },
        {"code": "dodo", "display": "Dodo", "property": [{"code": "inactive", "valueBoolean": True}]},
        {"code": "bat", "display": "Bat", "property": [{"code": "parent", "valueCode": "mammal"}]},
    ],
}
PART = {**ANIMALS, "url": "http://example.org/part", "content": "fragment"}


def value_set(*include: dict[str, Any], **elements: Any) -> dict[str, Any]:
    return {"resourceType": "ValueSet", "status": "active", "compose": {"include": list(include), **elements}}


def filtered(name: str, operator: str, value: str) -> dict[str, Any]:
    return {"system": ANIMALS["url"], "filter": [{"property": name, "op": operator, "value": value}]}


STORED: dict[str, dict[str, Any]] = {
    ANIMALS["url"]: ANIMALS,
    PART["url"]: PART,
    "http://example.org/vs/cats": value_set({"system": ANIMALS["url"], "concept": [{"code": "cat"}]}),
    "http://example.org/vs/loop": value_set({"valueSet": ["http://example.org/vs/loop"]}),
}


@pytest.fixture
def terminology() -> Terminology:
    return Terminology(STORED.get)


EXPANDED: list[tuple[dict[str, Any], list[str]]] = [
    (value_set({"system": ANIMALS["url"]}), ["mammal", "cat", "whale", "orca", "dodo", "bat"]),
    (value_set({"system": ANIMALS["url"]}, inactive=False), ["mammal", "cat", "whale", "orca", "bat"]),
    (value_set({"system": ANIMALS["url"], "concept": [{"code": "orca"}, {"code": "cat"}]}), ["orca", "cat"]),
    (value_set(filtered("concept", "is-a", "mammal")), ["mammal", "cat", "whale", "orca", "bat"]),
    (value_set(filtered("concept", "descendent-of", "whale")), ["orca"]),
    (value_set(filtered("concept", "is-not-a", "mammal")), ["dodo"]),
    (value_set(filtered("concept", "generalizes", "orca")), ["mammal", "whale", "orca"]),
    (value_set(filtered("legs", "=", "4")), ["cat"]),
    (value_set(filtered("legs", "exists", "true")), ["cat"]),
    (value_set(filtered("code", "in", "cat,bat")), ["cat", "bat"]),
    (value_set(filtered("code", "not-in", "cat,bat")), ["mammal", "whale", "orca", "dodo"]),
    (value_set(filtered("display", "regex", ".at")), ["cat", "bat"]),
    (value_set({"valueSet": ["http://example.org/vs/cats"]}), ["cat"]),
    (value_set({"system": ANIMALS["url"], "valueSet": ["http://example.org/vs/cats"]}), ["cat"]),
    (
        value_set({"system": ANIMALS["url"]}, exclude=[filtered("concept", "is-a", "mammal")]),
        ["dodo"],
    ),
    (
        {
            "resourceType": "ValueSet",
            "expansion": {"contains": [{"contains": [{"code": "x"}]}, {"code": "y"}]},
        },
        ["x", "y"],
    ),
]


@pytest.mark.parametrize(("composed", "codes"), EXPANDED)
def test_a_value_set_has_the_codes_that_its_definition_says(
    terminology: Terminology, composed: dict[str, Any], codes: list[str]
) -> None:
    assert [one.code for one in terminology.codes_of(composed)] == codes


REFUSED: list[tuple[dict[str, Any], str]] = [
    (value_set({"system": "http://example.org/none"}), "http://example.org/none is not known here"),
    (value_set({"system": PART["url"]}), "Only a part of the code system"),
    (
        value_set({"valueSet": ["http://example.org/vs/none"]}),
        "value set http://example.org/vs/none is not known",
    ),
    (value_set({"valueSet": ["http://example.org/vs/loop"]}), "include each other too deeply"),
    (value_set(filtered("concept", "is-a", "unicorn")), "does not list the code 'unicorn'"),
    (value_set(filtered("legs", "child-of", "x")), "child-of is not supported"),
    (value_set(filtered("code", "regex", "(")), "not a regular expression"),
    ({"resourceType": "ValueSet"}, "no definition of its codes"),
]


@pytest.mark.parametrize(("composed", "words"), REFUSED)
def test_what_cannot_be_expanded_says_why(
    terminology: Terminology, composed: dict[str, Any], words: str
) -> None:
    with pytest.raises(CannotExpand) as caught:
        terminology.codes_of(composed)
    assert words in str(caught.value)


def test_a_display_comes_from_the_code_system_when_the_value_set_has_none(terminology: Terminology) -> None:
    (cat,) = terminology.codes("http://example.org/vs/cats")
    assert (cat.system, cat.display) == (ANIMALS["url"], "Cat")


def test_a_code_is_found_in_the_case_that_its_system_allows(terminology: Terminology) -> None:
    animals = terminology.code_table(ANIMALS["url"])
    found = animals.find("CAT")
    assert found is not None
    assert found.code == "cat"
    assert (
        catalogue_terminology().code_table("http://hl7.org/fhir/administrative-gender").find("MALE") is None
    )


@pytest.mark.parametrize(
    ("code_a", "code_b", "answer"),
    [
        ("mammal", "orca", "subsumes"),
        ("orca", "mammal", "subsumed-by"),
        ("bat", "mammal", "subsumed-by"),
        ("cat", "cat", "equivalent"),
        ("cat", "orca", "not-subsumed"),
    ],
)
def test_subsumption_follows_the_hierarchy(
    terminology: Terminology, code_a: str, code_b: str, answer: str
) -> None:
    assert subsumption(terminology.code_table(ANIMALS["url"]), code_a, code_b) == answer


def test_what_is_not_known_is_named(terminology: Terminology) -> None:
    with pytest.raises(UnknownCodeSystem, match="none"):
        terminology.code_table("http://example.org/none")
    with pytest.raises(UnknownValueSet, match="none"):
        terminology.value_set("http://example.org/none")
    with pytest.raises(KeyError):
        subsumption(terminology.code_table(ANIMALS["url"]), "cat", "unicorn")


def test_nearly_every_required_value_set_of_r4_can_be_expanded() -> None:
    catalogue = get_catalogue()
    required = {
        element.value_set
        for name in (*catalogue.resource_types, *catalogue.data_types)
        for element in catalogue.type_definition(name).elements
        if element.binding_strength == "required"
    }
    assert {url.rpartition("/")[2] for url in required if not code_set(url)} == {
        "mimetypes",
        "ucum-units",
        "currencies",
        "LL379-9",
    }
