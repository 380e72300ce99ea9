"""The Management API's pages: its OpenAPI document, read for people, in the portal's own look."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

METHODS = ("get", "post", "put", "patch", "delete")
PREFIX = "/api/v1"


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    required: bool
    description: str


@dataclass(frozen=True)
class ApiOperation:
    """One method of one path: what goes in and what comes out."""

    method: str
    path: str
    anchor: str
    description: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    example: str
    answer: tuple[Field, ...]
    statuses: tuple[str, ...]
    curl: str

    @property
    def example_label(self) -> str:
        return f"{self.anchor}-body"


@dataclass(frozen=True)
class ApiGroup:
    title: str
    operations: tuple[ApiOperation, ...]


@lru_cache(maxsize=1)
def list_groups() -> tuple[ApiGroup, ...]:
    """All operations by the part of the path that names what they are about. Built once: code does not change while it runs."""
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    groups: dict[str, list[ApiOperation]] = {}
    for path, methods in schema["paths"].items():
        for method in METHODS:
            if method in methods:
                groups.setdefault(methods[method]["tags"][0], []).append(_operation(schema, path, method))
    return tuple(ApiGroup(title, tuple(operations)) for title, operations in groups.items())


def _operation(schema: dict[str, Any], path: str, method: str) -> ApiOperation:
    found = schema["paths"][path][method]
    body = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    responses = found.get("responses", {})
    good: dict[str, Any] = next((each for status, each in responses.items() if status.startswith("2")), {})
    answer = good.get("content", {}).get("application/json", {}).get("schema", {})
    short = path.removeprefix(PREFIX)
    return ApiOperation(
        method=method.upper(),
        path=short,
        anchor=found["operationId"],
        description=found.get("description", ""),
        parameters=tuple(_parameter(each) for each in found.get("parameters", ())),
        body=_fields(schema, body),
        example=_example(found),
        answer=_fields(schema, answer),
        statuses=tuple(responses),
        curl=_curl(method, path, bool(body)),
    )


def _example(found: dict[str, Any]) -> str:
    """The first example of the body, as text."""
    examples = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("examples", {})
    values = [each["value"] for each in examples.values()]
    return json.dumps(values[0], indent=2) if values else ""


def _curl(method: str, path: str, has_body: bool) -> str:
    verb = "" if method == "get" else f"-X {method.upper()} "
    lines = [f'curl {verb}"$FIRESIDE{path}"', '  -H "Authorization: Bearer $FIRESIDE_TOKEN"']
    if has_body:
        lines += ['  -H "Content-Type: application/json"', "  -d @body.json"]
    return " \\\n".join(lines)


def _parameter(found: dict[str, Any]) -> Field:
    return Field(
        found["name"],
        _type(found.get("schema", {})),
        found.get("required", False),
        found.get("description", ""),
    )


def _resolve(schema: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference; a list and a page stand for their items."""
    if "$ref" in node:
        node = schema["components"]["schemas"][node["$ref"].rsplit("/", 1)[-1]]
    results = node.get("properties", {}).get("results")
    inner = results or node
    return _resolve(schema, inner["items"]) if "items" in inner else node


def _fields(schema: dict[str, Any], node: dict[str, Any]) -> tuple[Field, ...]:
    found = _resolve(schema, node)
    required = found.get("required", ())
    return tuple(
        Field(name, _type(each, schema), name in required, each.get("description", ""))
        for name, each in found.get("properties", {}).items()
    )


def _type(node: dict[str, Any], schema: dict[str, Any] | None = None) -> str:
    """A short name: string, date-time, one of…"""
    for reference in (node, *node.get("allOf", ()), *node.get("oneOf", ())):
        if "$ref" in reference and schema is not None:
            node = schema["components"]["schemas"][reference["$ref"].rsplit("/", 1)[-1]]
            break
    if "enum" in node:
        return " | ".join(str(value) for value in node["enum"])
    kind = str(node.get("format") or node.get("type") or "object")
    return f"list of {_type(node['items'], schema)}" if kind == "array" else kind


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/api_reference.html", {"groups": list_groups()})
