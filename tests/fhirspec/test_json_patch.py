"""JSON Patch as RFC 6902 says it, with FHIR's rule that nothing empty stays."""

from contextlib import suppress
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirspec.patch import PatchError, apply_json_patch

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "1",
    "active": True,
    "name": [{"family": "Lee", "given": ["Ann", "Bo"]}, {"text": "A"}],
    "a/b": {"m~n": 1},
}

APPLIED: list[tuple[list[dict[str, Any]], dict[str, Any]]] = [
    ([], {}),
    ([{"op": "add", "path": "/gender", "value": "male"}], {"gender": "male"}),
    ([{"op": "add", "path": "/active", "value": False}], {"active": False}),
    ([{"op": "replace", "path": "/active", "value": False}], {"active": False}),
    ([{"op": "remove", "path": "/name/1"}], {"name": [PATIENT["name"][0]]}),
    (
        [{"op": "add", "path": "/name/0/given/1", "value": "X"}],
        {"name": [{"family": "Lee", "given": ["Ann", "X", "Bo"]}, {"text": "A"}]},
    ),
    (
        [{"op": "add", "path": "/name/0/given/-", "value": "X"}],
        {"name": [{"family": "Lee", "given": ["Ann", "Bo", "X"]}, {"text": "A"}]},
    ),
    (
        [{"op": "move", "from": "/name/0/family", "path": "/name/1/family"}],
        {"name": [{"given": ["Ann", "Bo"]}, {"text": "A", "family": "Lee"}]},
    ),
    (
        [{"op": "copy", "from": "/name/1", "path": "/name/0"}],
        {"name": [{"text": "A"}, *PATIENT["name"]]},
    ),
    ([{"op": "test", "path": "/a~1b/m~0n", "value": Decimal("1.0")}], {}),
    ([{"op": "test", "path": "/name/1", "value": {"text": "A"}}], {}),
]


@pytest.mark.parametrize(("operations", "changed"), APPLIED)
def test_operations_change_only_what_they_name(
    operations: list[dict[str, Any]], changed: dict[str, Any]
) -> None:
    before = deepcopy(PATIENT)
    assert apply_json_patch(PATIENT, operations) == {**PATIENT, **changed}
    assert before == PATIENT


def test_an_array_that_the_patch_emptied_is_gone() -> None:
    operations = [{"op": "remove", "path": "/name/0"}, {"op": "remove", "path": "/name/0"}]
    assert "name" not in apply_json_patch(PATIENT, operations)
    refilled = [*operations, {"op": "add", "path": "/name/-", "value": {"text": "B"}}]
    assert apply_json_patch(PATIENT, refilled)["name"] == [{"text": "B"}]


REFUSED: list[tuple[Any, str]] = [
    ({}, "an array of operations"),
    (["x"], "operation 1: an operation is an object"),
    ([{"op": "delete", "path": "/id"}], "op 'delete' is not one of"),
    ([{"op": "remove"}], "remove needs path"),
    ([{"op": "add", "path": "/gender"}], "add needs a value"),
    ([{"op": "add", "path": "gender", "value": 1}], "must begin with /"),
    ([{"op": "add", "path": "/a~2b", "value": 1}], "neither ~0 nor ~1"),
    ([{"op": "remove", "path": "/gender"}], "nothing at /gender"),
    ([{"op": "replace", "path": "/gender", "value": 1}], "nothing at /gender"),
    ([{"op": "add", "path": "/contact/0/name", "value": 1}], "nothing at /contact"),
    ([{"op": "remove", "path": "/name/2"}], "the array has 2 items"),
    ([{"op": "add", "path": "/name/3", "value": 1}], "the array has 2 items"),
    ([{"op": "remove", "path": "/name/01"}], "not an index"),
    ([{"op": "remove", "path": "/name/-"}], "not an index"),
    ([{"op": "add", "path": "/active/x", "value": 1}], "neither an object nor an array"),
    ([{"op": "move", "from": "/name", "path": "/name/0"}], "into itself"),
    ([{"op": "test", "path": "/active", "value": 1}], "the test failed: /active"),
    ([{"op": "test", "path": "/id", "value": "1"}, {"op": "remove", "path": "/x"}], "operation 2:"),
    ([{"op": "replace", "path": "", "value": None}], "no resource"),
    ([{"op": "add", "path": "", "value": [{"resourceType": "Patient"}]}], "no resource"),
    ([{"op": "copy", "from": "/name", "path": ""}], "no resource"),
]


@pytest.mark.parametrize(("operations", "words"), REFUSED)
def test_an_operation_that_does_not_fit_is_named(operations: Any, words: str) -> None:
    with pytest.raises(PatchError) as caught:
        apply_json_patch(PATIENT, operations)
    assert words in str(caught.value)


_names = st.sampled_from(
    ["op", "path", "value", "from", "add", "remove", "/name/0", "/name", "-", "/", "test", "move"]
)


@given(st.lists(st.dictionaries(_names, _names | st.none() | st.integers()), max_size=4))
def test_any_patch_is_applied_or_refused(operations: list[dict[str, Any]]) -> None:
    with suppress(PatchError):
        apply_json_patch(PATIENT, operations)


def test_copies_of_copies_end_at_a_limit() -> None:
    """Each doubles what there is: thirty of them would fill the memory of any machine."""
    doubling = {"op": "copy", "from": "/name", "path": "/name/-"}
    with pytest.raises(PatchError, match="at most 100,000 values"):
        apply_json_patch({"resourceType": "Patient", "name": [{"family": "x"}]}, [doubling] * 60)


def test_what_grows_deeper_with_each_operation_is_refused() -> None:
    inner: dict[str, Any] = {"x": 1}
    for _ in range(80):
        inner = {"x": inner}
    deeper = [{"op": "add", "path": "/x" * (80 * at) + "/x", "value": inner} for at in range(1, 100)]
    with pytest.raises(PatchError, match="nested too deeply"):
        apply_json_patch({"resourceType": "Patient", "x": inner}, deeper)
