"""What the definitions say of a body, each problem at its line: told, never in the way of sending it."""

from explorer.building.check import Problem
from explorer.building.places import find_places, line_of
from fhirspec import json
from fhirspec.validation import invariants, validate

MOST_TOLD = 50


def body_problems(text: str, resource_type: str, thorough: bool = False) -> list[Problem]:
    """Problems of a JSON body that is of this type; `thorough`: as `$validate` finds them, with the invariants."""
    try:
        value = json.decode(text.encode())
    except ValueError:
        return []
    root = find_places(text)
    if root is None or not isinstance(value, dict) or value.get("resourceType") != resource_type:
        return []
    found = list(validate(value, resource_type))
    if thorough and not any(each.is_error for each in found):
        found += invariants(value)
    problems = [
        Problem(
            ".body",
            f"{each.path}: {each.message}",
            blocking=False,
            line=line_of(root, each.path),
            is_error=each.is_error,
        )
        for each in found[:MOST_TOLD]
    ]
    return sorted(problems, key=lambda problem: problem.line)
