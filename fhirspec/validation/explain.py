"""The words for each structural problem: what is wrong, and what to do."""

import re
from difflib import get_close_matches
from typing import Any

from fhirspec.definitions import Element
from fhirspec.json import escaped
from fhirspec.resource_types import no_resource_type
from fhirspec.terminology import code_set
from fhirspec.validation.narrative import EMPTY, narrative_fault
from fhirspec.validation.primitives import PRIMITIVES, json_type
from fhirspec.validation.shapes import Field, Shape

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_LISTED = 12
_LONGEST_SHOWN = 60


def shown(value: Any) -> str:
    text = f"'{_CONTROL.sub(escaped, value)}'" if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def unknown_type(name: Any) -> str:
    if not isinstance(name, str) or not name:
        return "A resource needs a resourceType."
    return no_resource_type(name, shown(name))


def identifier(name: str) -> str:
    """A name as a part of a FHIRPath expression: https://hl7.org/fhirpath/N1/#identifiers"""
    if _IDENTIFIER(name):
        return name
    escaped = name.replace("\\", "\\\\").replace("`", "\\`")
    return f"`{escaped}`"


def unknown_property(name: str, shape: Shape) -> str:
    plain = name.removeprefix("_")
    if name.startswith("_") and plain in shape.fields:
        return f"{name} is not allowed: only primitive values have such a property."
    near = get_close_matches(plain, [one for one in shape.fields if not one.startswith("_")], 1)
    return f"{shape.label} has no element {shown(name)}." + (f" Did you mean {near[0]}?" if near else "")


def missing(element: Element, names: tuple[str, ...]) -> str:
    plain = [name for name in names if not name.startswith("_")]
    if len(plain) > 1:
        return f"One of {', '.join(plain[:_MOST_LISTED])} is required."
    return f"{plain[0]} is required" + (f" ({element.short})." if element.short else ".")


def primitive(value: Any, field: Field) -> tuple[str, str, str]:
    """Severity, issue code and message for a value that its type or its required value set does not allow."""
    found = json_type(value)
    if found == "array":
        return (
            "error",
            "structure",
            f"{field.name} does not repeat: expected one {field.type}, found an array.",
        )
    if field.type == "xhtml":
        fault = narrative_fault(value)
        # An empty narrative harms nobody, and official examples have it (invariant txt-2).
        severity = "warning" if fault == EMPTY else "error"
        return severity, "value", f"{fault[:1].upper()}{fault[1:]}."
    kind = PRIMITIVES[field.type]
    if found != kind.json_type:
        what = found if found in ("object", "null") else f"{found} {shown(value)}"
        return "error", "value", f"Expected {kind.expected} ({field.type}), found {what}."
    if field.binding and kind.check(value):
        return "error", "code-invalid", f"{shown(value)} is not one of {_listed(field.binding)}."
    return "error", "value", f"Expected {kind.expected} ({field.type}), found {shown(value)}."


def _listed(value_set: str) -> str:
    codes = sorted({code for _, code in code_set(value_set) or ()})
    if len(codes) > _MOST_LISTED:
        return f"the {len(codes)} codes of {value_set}"
    return f"{', '.join(codes)} ({value_set})"
