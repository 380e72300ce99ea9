"""FHIRPath Patch: each operation, by the definitions of the elements that it names."""

from copy import deepcopy
from typing import Any

import pytest

from fhirspec.patch import PatchError, apply_fhirpath_patch
from fhirspec.validation import validate

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "1",
    "birthDate": "1970-01-01",
    "name": [{"use": "official", "given": ["Ann", "Bo"]}, {"use": "usual", "given": ["A"]}],
    "telecom": [
        {"system": "phone", "value": "1"},
        {"system": "phone", "value": "2"},
        {"system": "email", "value": "3"},
    ],
    "deceasedBoolean": False,
    "extension": [{"url": "http://example.org/a", "valueString": "x"}],
}
NAME, TELECOM = PATIENT["name"], PATIENT["telecom"]


def operation(kind: str, path: str, **parts: Any) -> dict[str, Any]:
    """An operation; `value=("valueCode", "male")` or a list of parts."""
    found: list[dict[str, Any]] = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}]
    for name, value in parts.items():
        if name == "name":
            found.append({"name": name, "valueString": value})
        elif name != "value":
            found.append({"name": name, "valueInteger": value})
        elif isinstance(value, list):
            found.append({"name": "value", "part": value})
        else:
            found.append({"name": "value", value[0]: value[1]})
    return {"name": "operation", "part": found}


def patched(*operations: dict[str, Any]) -> dict[str, Any]:
    return apply_fhirpath_patch(PATIENT, {"resourceType": "Parameters", "parameter": list(operations)})


ENGLISH = ("valueCodeableConcept", {"text": "English"})
APPLIED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (operation("add", "Patient", name="gender", value=("valueCode", "male")), {"gender": "male"}),
    (
        operation("add", "Patient", name="identifier", value=("valueIdentifier", {"value": "9"})),
        {"identifier": [{"value": "9"}]},
    ),
    (
        operation("add", "Patient", name="name", value=("valueHumanName", {"text": "C"})),
        {"name": [*NAME, {"text": "C"}]},
    ),
    (
        operation("add", "Patient.name[0]", name="given", value=("valueString", "C")),
        {"name": [{"use": "official", "given": ["Ann", "Bo", "C"]}, NAME[1]]},
    ),
    (
        operation("add", "Patient.name.where(use = 'usual')", name="family", value=("valueString", "L")),
        {"name": [NAME[0], {**NAME[1], "family": "L"}]},
    ),
    (
        operation("add", "Patient", name="multipleBirth", value=("valueInteger", 2)),
        {"multipleBirthInteger": 2},
    ),
    (
        operation(
            "add",
            "Patient",
            name="communication",
            value=[
                {"name": "language", "valueCodeableConcept": {"text": "English"}},
                {"name": "preferred", "valueBoolean": True},
            ],
        ),
        {"communication": [{"language": {"text": "English"}, "preferred": True}]},
    ),
    (
        operation(
            "add",
            "Patient.birthDate",
            name="extension",
            value=[{"name": "url", "valueUri": "http://e"}, {"name": "value", "valueCode": "x"}],
        ),
        {"_birthDate": {"extension": [{"url": "http://e", "valueCode": "x"}]}},
    ),
    (
        operation("insert", "Patient.telecom", index=1, value=("valueContactPoint", {"value": "9"})),
        {"telecom": [TELECOM[0], {"value": "9"}, *TELECOM[1:]]},
    ),
    (operation("delete", "Patient.telecom[1]"), {"telecom": [TELECOM[0], TELECOM[2]]}),
    (operation("delete", "Patient.telecom.where(system = 'email')"), {"telecom": TELECOM[:2]}),
    (operation("delete", "Patient.telecom.where(value = '4')"), {}),
    (operation("delete", "Patient.maritalStatus"), {}),
    (operation("replace", "Patient.birthDate", value=("valueDate", "1980")), {"birthDate": "1980"}),
    (
        operation("replace", "Patient.name.first().given.last()", value=("valueString", "Z")),
        {"name": [{"use": "official", "given": ["Ann", "Z"]}, NAME[1]]},
    ),
    (
        operation("replace", "Patient.extension('http://example.org/a').value", value=("valueString", "y")),
        {"extension": [{"url": "http://example.org/a", "valueString": "y"}]},
    ),
    (
        operation("move", "Patient.telecom", source=2, destination=0),
        {"telecom": [TELECOM[2], TELECOM[0], TELECOM[1]]},
    ),
]


@pytest.mark.parametrize(("one", "changed"), APPLIED)
def test_an_operation_changes_only_what_it_names(one: dict[str, Any], changed: dict[str, Any]) -> None:
    before = deepcopy(PATIENT)
    result = patched(one)
    assert result == {**PATIENT, **changed}
    assert before == PATIENT
    assert validate(result, "Patient") == []


def test_replacing_a_choice_may_change_its_type() -> None:
    result = patched(operation("replace", "Patient.deceased", value=("valueDateTime", "2020")))
    assert result["deceasedDateTime"] == "2020"
    assert "deceasedBoolean" not in result


def test_deleting_the_last_item_deletes_the_list() -> None:
    assert "extension" not in patched(operation("delete", "Patient.extension[0]"))


def test_operations_see_what_those_before_them_did() -> None:
    result = patched(
        operation("add", "Patient", name="contact", value=[{"name": "gender", "valueCode": "male"}]),
        operation("replace", "Patient.contact[0].gender", value=("valueCode", "female")),
    )
    assert result["contact"] == [{"gender": "female"}]


REFUSED: list[tuple[dict[str, Any], str]] = [
    (operation("explode", "Patient"), "type 'explode' is not one of"),
    (operation("add", "Patient", value=("valueCode", "x")), "add needs name"),
    (operation("add", "Patient", name="gender"), "add needs value"),
    (operation("add", "Patient", name="colour", value=("valueCode", "x")), "has no element 'colour'"),
    (operation("add", "Patient", name="birthDate", value=("valueDate", "1980")), "use replace"),
    (operation("add", "Patient", name="deceased", value=("valueDateTime", "1980")), "use replace"),
    (operation("add", "Patient", name="multipleBirth", value=("valueString", "x")), "cannot be a string"),
    (operation("add", "Patient.name", name="family", value=("valueString", "x")), "names 2 elements"),
    (operation("add", "Patient.contact", name="gender", value=("valueCode", "x")), "names no elements"),
    (operation("replace", "Patient.gender", value=("valueCode", "x")), "names no elements"),
    (operation("replace", "Patient", value=("valueCode", "x")), "use update"),
    (operation("delete", "Patient.telecom"), "names 3 elements"),
    (operation("delete", "Patient"), "cannot be deleted"),
    (operation("insert", "Patient.telecom", index=4, value=("valueContactPoint", {"value": "9"})), "0 to 3"),
    (operation("insert", "Patient.birthDate", index=0, value=("valueDate", "1980")), "does not name a list"),
    (operation("move", "Patient.telecom", source=3, destination=0), "source must be a number from 0 to 2"),
    (operation("delete", "Patient.name.where("), "open parenthesis"),
    (operation("delete", "Patient.name.where(=)"), "cannot be evaluated"),
    (operation("delete", "Patient.name.trace('x')"), "not supported"),
    (operation("delete", "Patient..name"), "cannot be read"),
    ({"name": "operation", "part": [{"name": "type", "valueCode": "add"}]}, "needs path"),
    ({"name": "operation", "part": [{"name": "colour", "valueCode": "add"}]}, "the part 'colour'"),
    ({"name": "thing"}, "'thing' is not an operation"),
]


@pytest.mark.parametrize(("one", "words"), REFUSED)
def test_an_operation_that_does_not_fit_is_named(one: dict[str, Any], words: str) -> None:
    with pytest.raises(PatchError) as caught:
        patched(one)
    assert str(caught.value).startswith("operation 1: ")
    assert words in str(caught.value)


def test_a_patch_without_operations_is_refused() -> None:
    with pytest.raises(PatchError, match="no operation"):
        patched()


def test_parameters_that_are_not_valid_are_refused() -> None:
    with pytest.raises(PatchError, match="Parameters"):
        apply_fhirpath_patch(PATIENT, {"resourceType": "Parameters", "parameter": "x"})
