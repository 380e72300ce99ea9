"""JSON Merge Patch as RFC 7396 says it, with FHIR's rule that nothing empty stays."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirspec import json
from fhirspec.patch import apply_merge_patch

Json = dict[str, Any]

# https://www.rfc-editor.org/rfc/rfc7396#appendix-A, where original, patch and result are objects.
OF_THE_RFC: list[tuple[Json, Json, Json]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({"a": "foo"}, {"b": {"c": {"d": None, "e": 1}}}, {"a": "foo", "b": {"c": {"e": 1}}}),
]


@pytest.mark.parametrize(("original", "patch", "result"), OF_THE_RFC)
def test_the_examples_of_the_rfc(original: Json, patch: Json, result: Json) -> None:
    before = deepcopy((original, patch))
    assert apply_merge_patch(original, patch) == result
    assert (original, patch) == before


@pytest.mark.parametrize(
    ("original", "patch", "result"),
    [
        ({"a": {"b": {"c": 1}}, "z": 1}, {"a": {"b": {"c": None}}}, {"z": 1}),
        ({"z": 1}, {"a": {"b": {"c": None}}}, {"z": 1}),
        ({"a": "text"}, {"a": {"b": None}}, {}),
        ({"a": {}}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        # What the patch itself gives empty stays, for validation to refuse.
        ({"z": 1}, {"a": {}, "b": [], "c": {"d": {}}}, {"z": 1, "a": {}, "b": [], "c": {"d": {}}}),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
    ],
)
def test_what_nulls_leave_nothing_of_is_gone(original: Json, patch: Json, result: Json) -> None:
    assert apply_merge_patch(original, patch) == result


def test_lists_are_replaced_with_their_nulls_and_numbers_keep_their_text() -> None:
    resource = json.decode(b'{"name":{"given":["A"],"_given":[{"id":"1"}]},"low":1.50}')
    patch = json.decode(b'{"name":{"given":["B",null],"_given":[null,{"id":"2"}]},"high":2.500,"n":1e2}')
    merged = json.encode(apply_merge_patch(resource, patch))
    assert merged == (
        b'{"name":{"given":["B",null],"_given":[null,{"id":"2"}]},"low":1.50,"high":2.500,"n":1e2}'
    )


NAMES = st.sampled_from(["a", "b", "_a", "c"])
FULL = st.integers(0, 3) | st.lists(st.none() | st.integers(0, 3), min_size=1, max_size=2)
VALUES = st.recursive(FULL, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=8)
RESOURCES = st.dictionaries(NAMES, VALUES, max_size=4)
PATCHES = st.dictionaries(
    NAMES,
    st.recursive(
        FULL | st.none(), lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_leaves=8
    ),
    max_size=4,
)


def difference(before: Json, after: Json) -> Json:
    """The merge patch that makes `after` of `before`."""
    patch: Json = {name: None for name in before if name not in after}
    for name, value in after.items():
        known = before.get(name)
        if isinstance(value, dict) and isinstance(known, dict):
            if inner := difference(known, value):
                patch[name] = inner
        elif name not in before or value != known:
            patch[name] = value
    return patch


def holds_nothing_empty(node: Any) -> bool:
    if not isinstance(node, dict):
        return True
    return all(value not in (None, {}, []) and holds_nothing_empty(value) for value in node.values())


@given(RESOURCES, RESOURCES)
def test_a_difference_brings_one_resource_to_the_other(before: Json, after: Json) -> None:
    assert apply_merge_patch(before, difference(before, after)) == after


@given(RESOURCES, PATCHES)
def test_a_patch_may_come_twice_leaves_the_rest_and_nothing_empty(resource: Json, patch: Json) -> None:
    kept = deepcopy((resource, patch))
    merged = apply_merge_patch(resource, patch)
    assert apply_merge_patch(merged, patch) == merged
    assert {name: merged[name] for name in merged if name not in patch} == {
        name: resource[name] for name in resource if name not in patch
    }
    assert holds_nothing_empty(merged)
    assert (resource, patch) == kept
