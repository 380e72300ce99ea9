"""OpenAPI 3.1 of a deployment, from what its CapabilityStatement lists: one resource type or all of them.

https://spec.openapis.org/oas/v3.1.1
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from explorer.building.fields import SearchParameterFacts
from explorer.building.interactions import Operation
from explorer.building.outgoing import Secret
from fhirspec.patch import FHIRPATH_PATCH_TYPE, JSON_PATCH_TYPE, MERGE_PATCH_TYPE

Json = dict[str, Any]
_FHIR_JSON = "application/fhir+json"
_PATCHES: Json = {
    JSON_PATCH_TYPE: {"type": "array", "items": {"type": "object"}},
    MERGE_PATCH_TYPE: {"type": "object"},
    FHIRPATH_PATCH_TYPE: {"$ref": "#/components/schemas/Resource"},
}
_STATUS_OF = {"create": "201", "conditional-create": "201"}
_SCHEMAS: Json = {
    "Resource": {
        "type": "object",
        "required": ["resourceType"],
        "properties": {"resourceType": {"type": "string"}, "id": {"type": "string"}},
        "additionalProperties": True,
    },
    "Bundle": {
        "type": "object",
        "required": ["resourceType", "type"],
        "properties": {
            "resourceType": {"const": "Bundle"},
            "type": {"type": "string"},
            "total": {"type": "integer"},
            "entry": {"type": "array", "items": {"type": "object"}},
        },
        "additionalProperties": True,
    },
    "OperationOutcome": {
        "type": "object",
        "required": ["resourceType", "issue"],
        "properties": {
            "resourceType": {"const": "OperationOutcome"},
            "issue": {"type": "array", "items": {"type": "object"}},
        },
        "additionalProperties": True,
    },
}


def render_openapi(
    title: str,
    base: str,
    version: str,
    types: Iterable[tuple[str, Sequence[Operation], Sequence[SearchParameterFacts]]],
    secret: Secret | None = None,
    patch_formats: Collection[str] = (),
) -> Json:
    """The document. `types` gives each resource type (empty: the system) with its operations and parameters.

    `patch_formats` are those of the CapabilityStatement.
    """
    schemes = _security_schemes(secret)
    paths: dict[str, Json] = {}
    parameters: dict[str, Json] = {}
    tags = []
    for resource_type, operations, search_parameters in types:
        names = _share(search_parameters, resource_type, parameters)
        tags.append({"name": resource_type or "System"})
        for operation in operations:
            item = paths.setdefault(_path(operation, resource_type), {})
            # Conditional forms share method and path with the plain ones: OpenAPI knows one of each.
            item.setdefault(operation.method.lower(), _operation(operation, resource_type, names))
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version, "description": "A FHIR R4 (4.0.1) endpoint."},
        "servers": [{"url": base}],
        "tags": tags,
        "security": [{name: []} for name in schemes],
        "paths": paths,
        "components": {
            "schemas": _SCHEMAS,
            "parameters": parameters,
            "requestBodies": {"Patch": _patch(patch_formats)},
            "securitySchemes": schemes,
            "responses": {
                "Problem": {
                    "description": "What went wrong, as an OperationOutcome",
                    "content": {_FHIR_JSON: {"schema": {"$ref": "#/components/schemas/OperationOutcome"}}},
                }
            },
        },
    }


def _security_schemes(secret: Secret | None) -> Json:
    """Of a deployment both ways; of a server elsewhere the one that is used there."""
    api_key = {"type": "apiKey", "in": "header", "name": secret.header if secret else "x-api-key"}
    if secret is None:
        return {"apiKey": api_key, "bearer": {"type": "http", "scheme": "bearer"}}
    if secret.scheme:
        return {secret.scheme.lower(): {"type": "http", "scheme": secret.scheme.lower()}}
    return {"apiKey": api_key}


def _patch(stated: Collection[str]) -> Json:
    """In the formats that a server states; of one that states none, as the JSON Patch that most take."""
    known = [name for name in _PATCHES if name in stated] or [JSON_PATCH_TYPE]
    return {"required": True, "content": {name: {"schema": _PATCHES[name]} for name in known}}


def _path(operation: Operation, resource_type: str) -> str:
    return operation.path_of(resource_type)


def _share(
    parameters: Sequence[SearchParameterFacts], resource_type: str, shared: dict[str, Json]
) -> list[str]:
    """Puts each search parameter into the components, once; the common ones under a name of their own."""
    names = []
    for each in parameters:
        name = each.code if each.code.startswith("_") else f"{resource_type}-{each.code}"
        shared.setdefault(
            name,
            {
                "name": each.code,
                "in": "query",
                "description": f"{each.kind}: {each.description}"[:300],
                "schema": {"type": "string"},
            },
        )
        names.append(name)
    return names


def _operation(operation: Operation, resource_type: str, names: Sequence[str]) -> Json:
    described: Json = {
        "operationId": f"{resource_type or 'system'}_{operation.key.strip('$')}",
        "summary": operation.title,
        "description": operation.summary,
        "tags": [resource_type or "System"],
        "responses": {
            _STATUS_OF.get(operation.key, "200"): {
                "description": "Done",
                "content": {_FHIR_JSON: {"schema": _answer_schema(operation)}},
            },
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    found = [_in_path("id")] if operation.needs_id else []
    found += [_in_path("vid")] if operation.needs_version else []
    if operation.key == "search":
        found += [{"$ref": f"#/components/parameters/{name}"} for name in names]
    if found:
        described["parameters"] = found
    if operation.body:
        described["requestBody"] = _body(operation)
    if operation.key == "capabilities":
        described["security"] = []
    return described


def _in_path(name: str) -> Json:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _answer_schema(operation: Operation) -> Json:
    many = operation.key.startswith(("search", "history", "batch", "$everything"))
    return {"$ref": f"#/components/schemas/{'Bundle' if many else 'Resource'}"}


def _body(operation: Operation) -> Json:
    if operation.body == "form":
        form = {"schema": {"type": "object", "additionalProperties": {"type": "string"}}}
        return {"content": {"application/x-www-form-urlencoded": form}}
    if operation.body == "patch":
        return {"$ref": "#/components/requestBodies/Patch"}
    schema = {"$ref": f"#/components/schemas/{'Bundle' if operation.body == 'bundle' else 'Resource'}"}
    return {"required": True, "content": {_FHIR_JSON: {"schema": schema}}}
