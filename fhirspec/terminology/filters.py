"""The filters of a value set's `include`, each a function from a code table to the codes that pass.

https://hl7.org/fhir/R4/valueset-filter-operator.html
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fhirspec.terminology.code_table import CodeTable, Concept
from fhirspec.terminology.reasons import CannotExpand

_HIERARCHY = ("is-a", "descendent-of", "is-not-a", "generalizes")
_CONCEPT_PROPERTIES = ("concept", "code")


def filtered(table: CodeTable, filters: Iterable[dict[str, Any]]) -> Iterator[Concept]:
    """The concepts that pass every filter, in the order of the code system. Raises CannotExpand."""
    predicates = [_predicate(table, one) for one in filters]
    for concept in table.concepts.values():
        if all(passes(concept) for passes in predicates):
            yield concept


def _predicate(table: CodeTable, one: dict[str, Any]) -> Callable[[Concept], bool]:
    operator, name, value = one["op"], one["property"], str(one.get("value", ""))
    if operator in _HIERARCHY and name in (*_CONCEPT_PROPERTIES, "parent"):
        return _by_hierarchy(table, operator, value)
    match operator:
        case "=":
            return lambda concept: value in _values(concept, name)
        case "in":
            wanted = {part.strip() for part in value.split(",")}
            return lambda concept: bool(wanted.intersection(_values(concept, name)))
        case "not-in":
            unwanted = {part.strip() for part in value.split(",")}
            return lambda concept: not unwanted.intersection(_values(concept, name))
        case "exists":
            return lambda concept: bool(_values(concept, name)) == (value == "true")
        case "regex":
            return _by_pattern(name, value)
    raise CannotExpand(f"The filter {name} {operator} is not supported")


def _by_hierarchy(table: CodeTable, operator: str, code: str) -> Callable[[Concept], bool]:
    if code not in table.concepts:
        raise CannotExpand(f"{table.system} does not list the code {code!r} that a filter names")
    below = set(table.descendants(code))
    match operator:
        case "is-a":
            return lambda concept: concept.code == code or concept.code in below
        case "descendent-of":
            return lambda concept: concept.code in below
        case "is-not-a":
            return lambda concept: concept.code != code and concept.code not in below
    return lambda concept: concept.code == code or table.subsumes(concept.code, code)


def _by_pattern(name: str, pattern: str) -> Callable[[Concept], bool]:
    try:
        compiled = re.compile(pattern)
    except re.error as problem:
        raise CannotExpand(
            f"The filter's pattern {pattern!r} is not a regular expression: {problem}"
        ) from problem
    return lambda concept: any(compiled.fullmatch(value) for value in _values(concept, name))


def _values(concept: Concept, name: str) -> list[str]:
    if name in _CONCEPT_PROPERTIES:
        return [concept.code]
    if name == "display":
        return [concept.display]
    return [_text(value) for value in concept.properties.get(name, ())]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.get("code", "")) if isinstance(value, dict) else str(value)
