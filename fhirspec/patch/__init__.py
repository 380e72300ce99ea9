"""Changes to a resource as data: JSON Patch, JSON Merge Patch and FHIRPath Patch. https://hl7.org/fhir/R4/http.html#patch

Pure functions: what comes in is left as it is.
"""

from fhirspec.patch.fhirpath_patch import apply_fhirpath_patch
from fhirspec.patch.json_patch import apply_json_patch
from fhirspec.patch.media_types import (
    FHIRPATH_PATCH_TYPE,
    JSON_PATCH_TYPE,
    MERGE_PATCH_TYPE,
    type_of_patch,
)
from fhirspec.patch.merge_patch import apply_merge_patch
from fhirspec.patch.problem import PatchError

__all__ = [
    "FHIRPATH_PATCH_TYPE", "JSON_PATCH_TYPE", "MERGE_PATCH_TYPE", "PatchError", "apply_fhirpath_patch",
    "apply_json_patch", "apply_merge_patch", "type_of_patch",
]  # fmt: skip
