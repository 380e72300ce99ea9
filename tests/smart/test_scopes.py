"""SMART scopes: parsed, refused with reasons, intersected, compared."""

import re
from collections.abc import Iterable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smart.scope_words import describe_scope
from smart.scopes import (
    INTERACTIONS,
    InvalidScope,
    Level,
    ResourceScope,
    Scope,
    Scopes,
    Special,
    covers,
    intersect,
    is_within,
    order,
    parse_scope,
    parse_scopes,
    read_scopes,
    smallest_scope,
)

letters = st.sets(st.sampled_from(INTERACTIONS), min_size=1).map(order)
restrictions = st.sets(
    st.sampled_from(["category=laboratory", "status=final", "code=http://loinc.org|718-7"]), max_size=2
).map(lambda parts: "&".join(sorted(parts)))
resource_scopes = st.builds(
    ResourceScope,
    st.sampled_from(Level),
    st.sampled_from(["*", "Patient", "Observation", "Encounter"]),
    letters,
    restrictions,
)
scope_sets = st.lists(resource_scopes | st.sampled_from(Special), max_size=6, unique=True).map(
    lambda items: Scopes(tuple(items))
)


@pytest.mark.parametrize(
    ("text", "interactions"),
    [
        ("patient/Observation.rs", "rs"),
        ("patient/Observation.read", "rs"),
        ("user/*.write", "cud"),
        ("system/*.*", "cruds"),
        ("system/Patient.cruds", "cruds"),
        (
            "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory",
            "rs",
        ),
    ],
)
def test_scope_of_either_version_is_understood_and_written_as_it_came(text: str, interactions: str) -> None:
    scope = parse_scope(text)
    assert isinstance(scope, ResourceScope)
    assert scope.interactions == interactions
    assert str(scope) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "characters"),
        ("Patient.rs", "not a scope"),
        ("admin/Patient.rs", "not a scope"),
        ("launch/everything", "not a scope"),
        ("patient/Patient", "does not say what"),
        ("patient/patient.rs", "not a resource type"),
        ("patient/.rs", "not a resource type"),
        ("patient/Patient.", "none of c, r, u, d, s"),
        ("patient/Patient.x", "none of c, r, u, d, s"),
        ("patient/Patient.sr", "in order: rs"),
        ("patient/Patient.rr", "in order: r"),
        ("patient/Patient.read?status=final", "mixes"),
        ("patient/Observation.rs?", "no search"),
        ("patient/Observation.rs?category", "not a search parameter with a value"),
        ("patient/Observation.rs?_count=5", "does not say which resources"),
        ("patient/Observation.rs?_include:iterate=*", "does not say which resources"),
        ("patient/Observation.rs?category=a&", "no search"),
        ('patient/"Observation.rs', "characters"),
    ],
)
def test_nonsense_is_refused_with_a_reason(text: str, reason: str) -> None:
    with pytest.raises(InvalidScope, match=reason):
        parse_scope(text)


def test_duplicates_and_scopes_that_add_nothing_are_refused() -> None:
    with pytest.raises(InvalidScope, match="twice"):
        parse_scopes("openid openid")
    with pytest.raises(InvalidScope, match="adds nothing"):
        parse_scopes("patient/*.rs patient/Observation.r")


def test_a_request_keeps_the_scopes_it_can_have_and_loses_the_nonsense() -> None:
    assert str(read_scopes("openid nonsense patient/*.read openid")) == "openid patient/*.read"


@pytest.mark.parametrize(
    ("granted", "needed", "expected"),
    [
        ("patient/*.rs", "patient/Observation.r", True),
        ("patient/Observation.r patient/Observation.s", "patient/Observation.rs", True),
        ("patient/Observation.rs", "patient/*.rs", False),
        ("patient/*.cruds", "user/Patient.r", False),
        ("patient/Observation.rs?category=laboratory", "patient/Observation.r", False),
        ("patient/Observation.rs?category=laboratory", "patient/Observation.r?category=laboratory", True),
        ("patient/Observation.rs", "patient/Observation.r?category=laboratory", True),
        ("openid", "fhirUser", False),
    ],
)
def test_coverage(granted: str, needed: str, expected: bool) -> None:
    assert covers(parse_scopes(granted), parse_scope(needed)) is expected


@pytest.mark.parametrize(
    ("asked", "allowed", "granted"),
    [
        ("patient/*.read openid", "patient/Observation.rs openid", "patient/Observation.read openid"),
        ("patient/Observation.cruds", "patient/*.rs", "patient/Observation.rs"),
        ("patient/Observation.rs?status=final", "patient/*.r", "patient/Observation.r?status=final"),
        (
            "patient/Observation.rs?status=final",
            "patient/Observation.rs?category=laboratory",
            "patient/Observation.rs?status=final&category=laboratory",
        ),
        ("user/*.cruds", "patient/*.cruds", ""),
        ("patient/*.*", "patient/*.cr", "patient/*.cr"),
        (
            "patient/*.rs",
            "patient/Patient.r patient/Observation.s",
            "patient/Patient.r patient/Observation.s",
        ),
    ],
)
def test_what_is_asked_for_is_cut_to_what_is_allowed(asked: str, allowed: str, granted: str) -> None:
    assert str(intersect(parse_scopes(asked), parse_scopes(allowed))) == granted


@given(resource_scopes)
def test_text_and_value_are_one_to_one(scope: ResourceScope) -> None:
    assert parse_scope(str(scope)) == scope


@given(scope_sets, scope_sets)
def test_an_intersection_is_within_both(asked: Scopes, allowed: Scopes) -> None:
    common = intersect(asked, allowed)
    assert is_within(common, asked)
    assert is_within(common, allowed)


@given(scope_sets, scope_sets)
def test_what_is_allowed_anyway_is_granted_unchanged(asked: Scopes, allowed: Scopes) -> None:
    common = intersect(asked, allowed)
    assert all(covers(common, one) for one in asked if covers(allowed, one))


# What a scope can be about: any resource, by its type and by which of the restrictions it meets.
FACTS = ("category=laboratory", "status=final", "code=http://loinc.org|718-7")
TYPES = ("Patient", "Observation", "Encounter", "Condition")
CASES = [
    (level, resource_type, letter, frozenset(met))
    for level in Level
    for resource_type in TYPES
    for letter in INTERACTIONS
    for number in range(len(FACTS) + 1)
    for met in combinations(FACTS, number)
]
Case = tuple[Level, str, str, frozenset[str]]


def cases_of(scopes: Iterable[Scope]) -> set[Case]:
    """Every case that the scopes let pass, by what they mean and not by how they are written."""
    found: set[Case] = set()
    for scope in scopes:
        if isinstance(scope, ResourceScope):
            needed = set(filter(None, scope.restriction.split("&")))
            found |= {
                case
                for case in CASES
                if case[0] is scope.level
                and scope.resource_type in ("*", case[1])
                and case[2] in scope.interactions
                and needed <= case[3]
            }
    return found


@given(scope_sets, scope_sets)
def test_an_intersection_lets_pass_what_both_let_pass(asked: Scopes, allowed: Scopes) -> None:
    common = intersect(asked, allowed)
    assert cases_of(common) == cases_of(asked) & cases_of(allowed)
    assert {one for one in common if isinstance(one, Special)} == {
        one for one in asked if isinstance(one, Special) and one in allowed
    }


@given(scope_sets, resource_scopes)
def test_a_scope_is_covered_when_nothing_passes_by_it_alone(granted: Scopes, needed: ResourceScope) -> None:
    assert covers(granted, needed) == (cases_of([needed]) <= cases_of(granted))


@given(scope_sets)
def test_a_text_of_scopes_says_the_same_again_or_which_of_them_is_needless(scopes: Scopes) -> None:
    try:
        assert parse_scopes(str(scopes)) == scopes
    except InvalidScope as refused:
        (number,) = re.findall(r"Scope (\d+): “[^”]+” adds nothing", str(refused))
        without = [one for place, one in enumerate(scopes, start=1) if place != int(number)]
        assert cases_of(without) == cases_of(scopes)
    assert read_scopes(str(scopes)) == scopes


@given(resource_scopes)
def test_every_scope_has_words(scope: ResourceScope) -> None:
    words = describe_scope(scope)
    assert words.title[0].isupper()
    assert words.changes_data == bool(set("cud") & set(scope.interactions))


@given(st.text(max_size=60))
def test_text_that_is_no_scope_never_survives_a_request(text: str) -> None:
    for scope in read_scopes(text):
        assert str(scope) in text.split()


def test_the_smallest_scope_for_an_interaction_is_named() -> None:
    assert str(smallest_scope(Level.PATIENT, "Observation", "s")) == "patient/Observation.s"


def test_words_name_the_restriction_and_whose_data_it_is() -> None:
    words = describe_scope(parse_scope("patient/Observation.rs?category=http://example.org|laboratory"))
    expected = (
        "Read and search the patient's measurements and test results, only where category is laboratory"
    )
    assert words.title == expected
    assert not words.changes_data
