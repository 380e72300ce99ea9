"""Search expressions compile for all of R4 and find typed values."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from fhirspec import json
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import SearchParameter
from fhirspec.searchparams import (
    Alias,
    Found,
    UnsupportedExpression,
    alias_of,
    composite_extractor,
    extractor,
    first_members,
    unsupported_reason,
)
from fhirspec.searchparams.parse import parse, split_union


def parameter(resource_type: str, code: str) -> SearchParameter:
    return get_catalogue().search_parameters(resource_type)[code]


def find(resource: dict[str, Any], code: str) -> list[Found]:
    return extractor(parameter(resource["resourceType"], code))(resource)


def test_every_parameter_compiles() -> None:
    catalogue = get_catalogue()
    for name in catalogue.resource_types:
        refused = [one.code for one in catalogue.search_parameters(name).values() if unsupported_reason(one)]
        assert refused == []


def test_every_parameter_of_a_type_reads_something() -> None:
    catalogue = get_catalogue()
    for name in catalogue.resource_types:
        for one in catalogue.search_parameters(name).values():
            assert one.expression or one.components or one.code.startswith("_"), (name, one.code)


def test_paths_that_name_no_type_start_from_that_of_the_parameter() -> None:
    plan = {"resourceType": "InsurancePlan", "name": "Gold", "alias": ["Oro", "Or"]}
    assert sorted(found.value for found in find(plan, "name")) == ["Gold", "Or", "Oro"]


def test_an_expression_that_needs_more_of_fhirpath_is_refused_with_a_reason() -> None:
    code = parameter("Patient", "gender")
    assert "aggregate" in unsupported_reason(
        msgspec.structs.replace(code, expression="Patient.aggregate($this)")
    )


def test_a_component_may_come_from_the_whole_resource() -> None:
    sequence = {
        "resourceType": "MolecularSequence",
        "referenceSeq": {"chromosome": {"text": "1"}},
        "variant": [{"start": 1, "end": 2}, {"start": 5, "end": 6}],
    }
    found = composite_extractor(parameter("MolecularSequence", "chromosome-variant-coordinate"))(sequence)
    assert [[[one.value for one in part] for part in parts] for parts in found] == [
        [[{"text": "1"}], [1], [2]],
        [[{"text": "1"}], [5], [6]],
    ]


def test_a_type_of_an_expression_may_begin_with_a_capital() -> None:
    found = composite_extractor(parameter("Observation", "code-value-date"))(
        {"resourceType": "Observation", "code": {"text": "x"}, "valueDateTime": "2020"}
    )
    assert found[0][1] == [Found("dateTime", "2020")]


@pytest.mark.parametrize(
    ("resource", "code", "expected"),
    [
        ({"resourceType": "Patient", "gender": "male"}, "gender", [Found("code", "male")]),
        (
            {"resourceType": "Patient", "name": [{"given": ["A", None, "B"]}, {"family": "C"}]},
            "given",
            [Found("string", "A"), Found("string", "B")],
        ),
        ({"resourceType": "Patient", "deceasedBoolean": False}, "deceased", []),
        ({"resourceType": "Patient", "deceasedBoolean": True}, "deceased", [Found("boolean", True)]),
        ({"resourceType": "Patient", "deceasedDateTime": "2020"}, "deceased", [Found("boolean", True)]),
        ({"resourceType": "Patient", "deceasedDateTime": "2020"}, "death-date", [Found("dateTime", "2020")]),
        (
            {"resourceType": "Patient", "telecom": [{"system": "phone", "value": "1"}, {"system": "email"}]},
            "phone",
            [Found("ContactPoint", {"system": "phone", "value": "1"})],
        ),
        (
            {"resourceType": "Observation", "subject": {"reference": "Group/1"}},
            "patient",
            [],
        ),
        (
            {"resourceType": "Observation", "subject": {"reference": "http://x.org/Patient/1/_history/2"}},
            "patient",
            [Found("Reference", {"reference": "http://x.org/Patient/1/_history/2"})],
        ),
        (
            {"resourceType": "Observation", "subject": {"type": "Patient", "identifier": {"value": "7"}}},
            "patient",
            [Found("Reference", {"type": "Patient", "identifier": {"value": "7"}})],
        ),
        ({"resourceType": "Condition", "onsetAge": {"value": 3}}, "onset-age", [Found("Age", {"value": 3})]),
        ({"resourceType": "Condition", "onsetAge": {"value": 3}}, "onset-date", []),
        (
            {"resourceType": "Questionnaire", "item": [{"item": [{"code": [{"code": "x"}]}]}]},
            "code",
            [],
        ),
        (
            {
                "resourceType": "Bundle",
                "entry": [{"resource": {"id": "first"}}, {"resource": {"id": "second"}}],
            },
            "composition",
            [Found("Resource", {"id": "first"})],
        ),
        (
            {"resourceType": "Patient", "meta": {"tag": [{"code": "t"}]}},
            "_tag",
            [Found("Coding", {"code": "t"})],
        ),
    ],
)
def test_a_parameter_finds_its_values_with_their_types(
    resource: dict[str, Any], code: str, expected: list[Found]
) -> None:
    assert find(resource, code) == expected


def test_a_composite_keeps_the_parts_of_one_component_together() -> None:
    observation = {
        "resourceType": "Observation",
        "component": [
            {"code": {"text": "a"}, "valueQuantity": {"value": 1}},
            {"code": {"text": "b"}, "valueQuantity": {"value": 2}},
        ],
    }
    found = composite_extractor(parameter("Observation", "component-code-value-quantity"))(observation)
    assert found == [
        ([Found("CodeableConcept", {"text": "a"})], [Found("Quantity", {"value": 1})]),
        ([Found("CodeableConcept", {"text": "b"})], [Found("Quantity", {"value": 2})]),
    ]


def test_patient_is_an_alias_of_subject_with_a_target() -> None:
    assert alias_of("Observation", "patient") == Alias("subject", "Patient")
    assert alias_of("Observation", "subject") is None


def test_a_union_is_split_outside_parentheses_and_quotes() -> None:
    assert split_union("A.b | (A.c | A.d) | A.where(x='|')") == ["A.b", "(A.c | A.d)", "A.where(x='|')"]


@pytest.mark.parametrize(
    "expression", ["Patient.name.substring(1)", "Patient.name.where(x > 1)", "Patient.%"]
)
def test_what_is_not_understood_is_refused_with_its_text(expression: str) -> None:
    with pytest.raises(UnsupportedExpression):
        parse(expression)


def test_what_a_parameter_finds_lies_below_one_of_its_first_members(shared_data: Path) -> None:
    for line in (shared_data / "one-per-type.ndjson").read_bytes().splitlines():
        resource = json.decode(line)
        for one in get_catalogue().search_parameters(resource["resourceType"]).values():
            if one.expression and not one.components and first_members(one).isdisjoint(resource):
                assert not first_members(one) or extractor(one)(resource) == []


@pytest.mark.parametrize(
    ("code", "members"),
    [
        ("code", {"code"}),
        ("combo-code", {"code", "component"}),
        ("_profile", {"meta"}),
        ("value-date", {"valueDateTime", "valuePeriod"}),
    ],
)
def test_first_members_are_names_of_json(code: str, members: set[str]) -> None:
    assert first_members(parameter("Observation", code)) >= members
