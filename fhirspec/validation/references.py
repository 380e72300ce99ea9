"""Where a reference may point: https://hl7.org/fhir/R4/references.html"""

import re
from typing import Any

from fhirspec.catalogue import get_catalogue

_ID = r"[A-Za-z0-9\-.]{1,64}"
# `Patient/1`, `http://example.org/fhir/Patient/1/_history/2`
_literal = re.compile(rf"(?:https?://.+/)?([A-Za-z]+)/{_ID}(?:/_history/{_ID})?").fullmatch


def literal_type(reference: str) -> str:
    """The resource type that a literal reference names; empty when it names none (`urn:uuid:…`, `#1`)."""
    found = _literal(reference)
    return found[1] if found and found[1] in get_catalogue().resource_type_set else ""


def reference_fault(
    node: dict[str, Any], targets: frozenset[str], contained_ids: frozenset[str]
) -> tuple[str, str, str] | None:
    """Severity, issue code and message of what is wrong with where a Reference points; None when nothing is.

    A target of another type is a warning: official examples have such references, and every server takes them.
    """
    text = node.get("reference")
    if type(text) is str:
        if text[:1] == "#":
            if text == "#" or text[1:] in contained_ids:
                return None
            return "error", "invariant", f"There is no contained resource with the id '{text[1:]}'."
        named = literal_type(text)
        if not named and _literal(text) and "://" not in text:
            return (
                "error",
                "value",
                f"'{text}' names no R4 resource type; expected Type/id, a full URL, or #id.",
            )
    else:
        named = str(node.get("type") or "").rpartition("/")[2]
    if named and targets and named not in targets and named in get_catalogue().resource_type_set:
        allowed = ", ".join(sorted(targets))
        return "warning", "structure", f"A reference to {named} is not allowed here; allowed: {allowed}."
    return None
