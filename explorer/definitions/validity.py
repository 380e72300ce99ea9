"""What the definitions say of a body, each problem at its line: told, never in the way of sending it."""

from typing import Any

from explorer.building.check import Problem
from explorer.building.places import line_of
from explorer.building.xml_places import is_xml, lines_above, locate
from fhirspec import json
from fhirspec.validation import invariants, validate
from fhirspec.xml import MalformedXml, from_xml

MOST_TOLD = 50


def body_problems(text: str, resource_type: str, thorough: bool = False) -> list[Problem]:
    """Problems of a body that is of this type; `thorough`: as `$validate` finds them, with the invariants."""
    try:
        value = _decode(text)
    except MalformedXml as error:
        line = error.line + lines_above(text)
        return [Problem(".body", f"Not FHIR XML: {error}.", blocking=False, line=line)]
    except ValueError:
        return []
    root = locate(text)
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


def _decode(text: str) -> Any:
    return from_xml(text.strip().encode()) if is_xml(text) else json.decode(text.encode())
