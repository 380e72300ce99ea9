"""The media types of patches, and which of them a body without one looks like."""

from typing import Any

JSON_PATCH_TYPE = "application/json-patch+json"
MERGE_PATCH_TYPE = "application/merge-patch+json"
FHIRPATH_PATCH_TYPE = "application/fhir+json"


def type_of_patch(body: Any) -> str:
    """The media type of the patch that this JSON can be: an array is a JSON Patch, Parameters are a FHIRPath Patch."""
    if isinstance(body, list):
        return JSON_PATCH_TYPE
    is_parameters = isinstance(body, dict) and body.get("resourceType") == "Parameters"
    return FHIRPATH_PATCH_TYPE if is_parameters else MERGE_PATCH_TYPE
