"""Whatever a client sends: it is found invalid, or everything can be done with it."""

from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirspec import json
from fhirspec.validation import validate
from fhirspec.xml import from_xml, to_xml
from tests.fhirspec.test_validation import INVALID, VALID

RESOURCES = [*VALID, *(resource for resource, *_ in INVALID)]
JUNK: list[Any] = [
    *(None, True, 0, -1, Decimal("1.50"), Decimal("1E+400"), 10**30),
    *("", "x", "a b", "#", "\x01", "\uffff", "2020-13-45", "9999-12-31T23:59:59-12:00", "Patient/1"),
    *([], {}, [None], [[]], [{}], {"a": 1}, {"id": "x"}, {"resourceType": 5}, {"resourceType": "Patient"}),
    *(
        {"reference": 5},
        {"extension": []},
        {"extension": [{"url": "x", "valueString": "y"}]},
        {"coding": [{"system": {}}]},
    ),
]


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every object or array with each of its names or indexes."""
    for key in list(node) if isinstance(node, dict) else range(len(node)):
        yield node, key
        if isinstance(node[key], dict | list):
            yield from places(node[key])


@given(st.sampled_from(RESOURCES), st.integers(0, 10_000), st.sampled_from(JUNK), st.booleans())
def test_any_resource_is_refused_or_can_be_written(
    resource: dict[str, Any], at: int, junk: Any, beside: bool
) -> None:
    changed = deepcopy(resource)
    found = list(places(changed))
    node, key = found[at % len(found)]
    node[f"_{key}" if beside and isinstance(node, dict) else key] = deepcopy(junk)
    if any(one.is_error for one in validate(changed, resource["resourceType"])):
        return
    assert json.decode(json.encode(changed)) == changed
    assert validate(from_xml(to_xml(changed)), resource["resourceType"]) == validate(
        changed, resource["resourceType"]
    )


def test_a_narrative_with_a_great_many_attributes_is_looked_at_once() -> None:
    attributes = " ".join(f'a{number}="1"' for number in range(200_000))
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><p {attributes}>x</p></div>'
    problems = validate({"resourceType": "Patient", "text": {"status": "generated", "div": div}}, "Patient")
    assert [problem.message for problem in problems] == ["The attribute a0 is not allowed in a narrative."]


@pytest.mark.parametrize("kind", ["string", "markdown"])
def test_a_text_has_at_most_a_million_characters(kind: str) -> None:
    """https://hl7.org/fhir/R4/datatypes.html#string"""

    def saying(text: str) -> dict[str, Any]:
        said = {"url": "http://example.org/extension", f"value{kind.capitalize()}": text}
        return {"resourceType": "Basic", "code": {"text": "x"}, "extension": [said]}

    longest = "a" * 1024 * 1024
    assert validate(saying(longest), "Basic") == []
    (problem,) = validate(saying(longest + "a"), "Basic")
    assert (problem.code, problem.path) == ("value", "Basic.extension[0].value")
    assert "at most 1,048,576 characters" in problem.message
    assert len(problem.message) < 300
