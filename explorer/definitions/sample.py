"""The smallest valid resource of a type, made from its definition: every required element and nothing else."""

from typing import Any

from explorer.definitions.codes import list_codes
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Element, ElementType, TypeDefinition

_PRIMITIVES: dict[str, Any] = {
    "boolean": True,
    "integer": 1,
    "positiveInt": 1,
    "unsignedInt": 1,
    "decimal": 1.5,
    "date": "2024-05-01",
    "dateTime": "2024-05-01T08:30:00Z",
    "instant": "2024-05-01T08:30:00Z",
    "time": "08:30:00",
    "uri": "https://example.org/uri",
    "url": "https://example.org/url",
    "canonical": "https://example.org/canonical",
    "oid": "urn:oid:1.2.3.4.5",
    "uuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "id": "example",
    "code": "example",
    "base64Binary": "RmlyZXNpZGU=",
    "markdown": "An example",
    "string": "Example",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">Example</div>',
}
_DEEPEST = 8


def smallest_valid(resource_type: str) -> dict[str, Any]:
    definition = get_catalogue().type_definition(resource_type)
    return {"resourceType": resource_type} | _required(definition, resource_type, 0)


def _required(definition: TypeDefinition, path: str, depth: int) -> dict[str, Any]:
    filled = {}
    for element in definition.children(path):
        if element.min > 0 and depth < _DEEPEST and element.max != "0":
            name, kind = next(iter(element.json_names()), (element.name, ElementType("BackboneElement")))
            value = _value(definition, element, kind, depth)
            filled[name] = [value] if element.is_repeating else value
    return filled


def _value(definition: TypeDefinition, element: Element, kind: ElementType, depth: int) -> Any:
    if element.content_reference:
        return _required(definition, element.content_reference, depth + 1) or {}
    if kind.code in ("BackboneElement", "Element"):
        return _required(definition, element.path, depth + 1) or _something(definition, element, depth)
    if kind.code == "Reference":
        target = kind.targets[0] if kind.targets else "Patient"
        return {"reference": f"{target}/example"}
    if kind.code == "Resource":
        return {"resourceType": "Basic", "code": {"text": "Example"}}
    codes = list_codes(element.value_set) if element.value_set else None
    first = codes.codes[0] if codes and codes.codes else None
    if kind.code == "code" and first:
        return first.code
    coding = {"system": first.system, "code": first.code, "display": first.display} if first else None
    coding = {key: value for key, value in coding.items() if value} if coding else None
    if kind.code == "CodeableConcept":
        return {"coding": [coding]} if coding else {"text": "Example"}
    if kind.code == "Coding":
        return coding or {"display": "Example"}
    if kind.code in _PRIMITIVES:
        return _PRIMITIVES[kind.code]
    nested = get_catalogue().type_definition(kind.code)
    return _required(nested, kind.code, depth + 1) or _something(nested, nested.elements[0], depth)


def _something(definition: TypeDefinition, element: Element, depth: int) -> dict[str, Any]:
    """A type in which nothing is required still needs one element: the first plain one."""
    for child in definition.children(element.path):
        if child.name in ("id", "extension", "modifierExtension") or not child.types:
            continue
        kind = child.types[0]
        if kind.code in _PRIMITIVES:
            name, _ = next(child.json_names())
            value = _value(definition, child, kind, depth + 1)
            return {name: [value] if child.is_repeating else value}
    return {}
