"""Criteria go from a form to a query string and back without loss."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.building.criteria import (
    Criterion,
    alternatives,
    criteria_from_fields,
    join_prefix,
    parse_query,
    render_query,
    split_prefix,
)

NAMES = st.from_regex(r"[a-z][a-z-]{0,8}(:[a-z]{1,6})?", fullmatch=True)
VALUES = st.text(min_size=1).map(str.strip).filter(bool)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_a_query_string_says_what_its_criteria_said(pairs: list[tuple[str, str]]) -> None:
    criteria = tuple(
        Criterion(*name.partition(":")[::2][:1], value, name.partition(":")[2]) for name, value in pairs
    )
    assert parse_query(render_query(criteria)) == criteria


@pytest.mark.parametrize(
    ("name", "code", "modifier"),
    [
        ("gender", "gender", ""),
        ("name:exact", "name", "exact"),
        ("subject:Patient", "subject", "Patient"),
        ("subject:Patient.name:exact", "subject:Patient.name", "exact"),
        ("subject:Patient.organization:Organization", "subject:Patient.organization", "Organization"),
        ("subject.name", "subject.name", ""),
        ("_has:Observation:patient:code", "_has:Observation:patient:code", ""),
        ("_has:Observation:patient:code:in", "_has:Observation:patient:code", "in"),
        (
            "_has:Observation:patient:_has:Group:member:_id:not",
            "_has:Observation:patient:_has:Group:member:_id",
            "not",
        ),
        (
            "subject:Patient._has:Condition:patient:code:text",
            "subject:Patient._has:Condition:patient:code",
            "text",
        ),
        ("_has:Observation:patient", "_has:Observation:patient", ""),
        ("_has:", "_has:", ""),
        ("_include:iterate", "_include", "iterate"),
    ],
)
def test_a_name_is_a_code_and_a_modifier(name: str, code: str, modifier: str) -> None:
    (found,) = parse_query(f"{name}=x")
    assert (found.code, found.modifier, found.name) == (code, modifier, name)


@pytest.mark.parametrize(
    ("prefix", "value", "written"),
    [
        ("", "2020", "2020"),
        ("ge", "2020", "ge2020"),
        ("ge", "2020,2021", "ge2020,ge2021"),
        ("lt", "gt2020", "gt2020"),
        ("ap", "5.4|http://unitsofmeasure.org|mg", "ap5.4|http://unitsofmeasure.org|mg"),
        ("le", "-3", "le-3"),
        ("drop table", "2020", "2020"),
    ],
)
def test_a_prefix_stands_before_each_alternative(prefix: str, value: str, written: str) -> None:
    assert join_prefix(prefix, value) == written


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ge2020", ("ge", "2020")),
        ("ge2020,ge2021", ("ge", "2020,2021")),
        ("ge2020,lt2021", ("", "ge2020,lt2021")),
        ("2020", ("", "2020")),
        ("general", ("", "general")),
        ("sample", ("", "sample")),
    ],
)
def test_a_shared_prefix_is_split_off(written: str, expected: tuple[str, str]) -> None:
    assert split_prefix(written) == expected


def test_an_escaped_comma_does_not_separate_alternatives() -> None:
    assert alternatives(r"Eve\, Anne,Zoe") == [r"Eve\, Anne", "Zoe"]


def test_fields_of_a_form_become_criteria_with_their_prefixes_and_modifiers() -> None:
    fields = {
        ".do": ["search"],
        "birthdate": ["1980", "1990", ""],
        ".x:birthdate": ["ge", "lt", "eq"],
        ".m:birthdate": ["", "", ""],
        "name": ["Eve"],
        ".m:name": ["exact"],
        "gender": [""],
        "code:not": ["a"],
    }
    assert (
        render_query(criteria_from_fields(fields))
        == "birthdate=ge1980&birthdate=lt1990&name:exact=Eve&code:not=a"
    )
