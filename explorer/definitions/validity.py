"""What the definitions say of a body before it is sent: told, never in the way of sending it."""

import json

from explorer.building.check import Problem
from fhirspec.catalogue import get_catalogue

MOST_TOLD = 12


def body_problems(text: str, resource_type: str) -> list[Problem]:
    """Unknown elements at the top of the resource (the server checks everything)."""
    value = json.loads(text) if text.lstrip()[:1] == "{" else None
    if not isinstance(value, dict):
        return []
    name = str(value.get("resourceType", ""))
    if name != resource_type:
        return []
    known = {
        json_name
        for each in get_catalogue().type_definition(name).children(name)
        for json_name, _ in each.json_names()
    }
    unknown = [key for key in value if key.lstrip("_") not in known and key != "resourceType"]
    return [
        Problem(".body", f"{name} has no element “{key}”.", blocking=False) for key in unknown[:MOST_TOLD]
    ]
