"""JSON Merge Patch: https://www.rfc-editor.org/rfc/rfc7396"""

from typing import Any

Json = dict[str, Any]


def apply_merge_patch(resource: Json, patch: Json) -> Json:
    """The resource with what the patch names: null removes, an object is merged, all else (an array too) replaces."""
    made = dict(resource)
    for name, given in patch.items():
        value = _merged(made.get(name), given)
        # FHIR has no empty elements: what the patch's nulls leave nothing of is gone.
        if value is None or (value == {} and given):
            made.pop(name, None)
        else:
            made[name] = value
    return made


def _merged(value: Any, given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    return apply_merge_patch(value if isinstance(value, dict) else {}, given)
