"""The OpenAPI document: valid, each operation described, each body with an example that fits."""

from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from jsonschema_rs import validator_for

from tests.openapi import check_openapi

DOCUMENT: Any = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
OPERATIONS = [
    (method, path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
BODIES = [
    pytest.param(content, id=f"{method} {path}")
    for method, path, operation in OPERATIONS
    if (content := operation.get("requestBody", {}).get("content", {}).get("application/json"))
]


def test_it_is_valid_openapi_whose_operations_are_named_and_described() -> None:
    check_openapi(DOCUMENT)
    names = [operation["operationId"] for *_, operation in OPERATIONS]
    assert len(names) == len(set(names)) > 110
    assert [name for name, one in zip(names, OPERATIONS, strict=True) if not one[2].get("description")] == []


@pytest.mark.parametrize("content", BODIES)
def test_each_body_has_an_example_that_fits(content: Any) -> None:
    checks = validator_for({**content["schema"], "components": DOCUMENT["components"]})
    examples = [example["value"] for example in content["examples"].values()]
    assert examples
    for example in examples:
        checks.validate(example)
