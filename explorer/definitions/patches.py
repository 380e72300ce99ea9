"""A patch of each format as an example, each of which sets the language of a resource."""

from collections.abc import Collection
from typing import Any

from explorer.definitions.examples import ExampleTitle
from explorer.definitions.text import indent_json
from fhirspec.patch import FHIRPATH_PATCH_TYPE, JSON_PATCH_TYPE, MERGE_PATCH_TYPE

_TITLES = {
    JSON_PATCH_TYPE: ExampleTitle("json-patch", "JSON Patch"),
    MERGE_PATCH_TYPE: ExampleTitle("merge-patch", "JSON Merge Patch"),
    FHIRPATH_PATCH_TYPE: ExampleTitle("fhirpath-patch", "FHIRPath Patch"),
}


def patch_titles(stated: Collection[str]) -> tuple[ExampleTitle, ...]:
    """The formats that a server states in its CapabilityStatement.patchFormat; all, where it states none of them."""
    known = tuple(title for media_type, title in _TITLES.items() if media_type in stated)
    return known or tuple(_TITLES.values())


def example_patch(resource_type: str, key: str) -> str:
    """The patch of that format, a JSON Patch for a key that is not known."""
    if key == "merge-patch":
        return indent_json({"language": "en"})
    if key == "fhirpath-patch":
        return indent_json(_by_path(resource_type))
    return indent_json([{"op": "add", "path": "/language", "value": "en"}])


def _by_path(resource_type: str) -> dict[str, Any]:
    parts = [
        {"name": "type", "valueCode": "add"},
        {"name": "path", "valueString": resource_type},
        {"name": "name", "valueString": "language"},
        {"name": "value", "valueCode": "en"},
    ]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
