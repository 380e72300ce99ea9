"""Which codes a value set holds, as far as the catalogue can tell. https://hl7.org/fhir/R4/valueset.html#expansion"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from fhirspec.catalogue import get_catalogue

Json = dict[str, Any]


class Coded(NamedTuple):
    """A code of a code system."""

    system: str
    code: str
    display: str


class NotExpandable(ValueError):
    """A value set whose codes cannot be listed here; the message says why."""


@lru_cache(maxsize=512)
def expansion(canonical: str) -> tuple[Coded, ...]:
    """Every code of the value set, in the order of its definition. NotExpandable says why it cannot be listed."""
    return tuple(dict.fromkeys(expand(_value_set(canonical), frozenset({canonical}))))


@lru_cache(maxsize=1024)
def codes_of(canonical: str) -> frozenset[tuple[str, str]] | None:
    """(system, code) of each member, None when the value set cannot be listed."""
    try:
        return frozenset((one.system, one.code) for one in expansion(canonical))
    except NotExpandable:
        return None


def expand(value_set: Json, seen: frozenset[str] = frozenset()) -> Iterator[Coded]:
    """The codes of a ValueSet resource; `seen` are the value sets it is being included by."""
    compose = value_set.get("compose")
    if not compose:
        raise NotExpandable(f"{value_set.get('url')} does not say what it is composed of")
    excluded = {
        (one.system, one.code) for part in compose.get("exclude", ()) for one in _included(part, seen)
    }
    for part in compose.get("include", ()):
        for one in _included(part, seen):
            if (one.system, one.code) not in excluded:
                yield one


def _value_set(canonical: str) -> Json:
    found = get_catalogue().canonical(canonical)
    if found is None or found["resourceType"] != "ValueSet":
        raise NotExpandable(f"the value set {canonical} is not known here")
    return found


def _included(part: Json, seen: frozenset[str]) -> list[Coded]:
    members = list(_of_system(part)) if "system" in part else None
    for canonical in part.get("valueSet", ()):
        if canonical in seen:
            raise NotExpandable(f"{canonical} includes itself")
        imported = list(expand(_value_set(canonical), seen | {canonical}))
        # Several value sets in one include mean their intersection.
        members = imported if members is None else [one for one in members if one in set(imported)]
    return members or []


def _of_system(part: Json) -> Iterator[Coded]:
    system = part["system"]
    if "concept" in part:
        for concept in part["concept"]:
            yield Coded(system, concept["code"], concept.get("display", ""))
        return
    code_system = get_catalogue().canonical(system)
    if code_system is None or code_system.get("content") != "complete":
        raise NotExpandable(f"the codes of {system} are not known here")
    concepts = list(_flatten(code_system.get("concept", ()), ()))
    for rule in part.get("filter", ()):
        concepts = [one for one in concepts if _passes(rule, *one)]
    for concept, _ in concepts:
        yield Coded(system, concept["code"], concept.get("display", ""))


def _flatten(concepts: Iterable[Json], above: tuple[str, ...]) -> Iterator[tuple[Json, tuple[str, ...]]]:
    """Each concept with the codes above it: by nesting, and by `subsumedBy` where a system is flat."""
    for concept in concepts:
        parents = tuple(
            one["valueCode"]
            for one in concept.get("property", ())
            if one["code"] in ("subsumedBy", "parent") and "valueCode" in one
        )
        yield concept, (*above, *parents)
        yield from _flatten(concept.get("concept", ()), (*above, concept["code"]))


def _passes(rule: Json, concept: Json, above: tuple[str, ...]) -> bool:
    operator, value = rule["op"], rule["value"]
    match operator:
        case "is-a":
            return concept["code"] == value or value in above
        case "descendent-of":
            return value in above
        case "is-not-a":
            return concept["code"] != value and value not in above
        case "=":
            return any(
                one["code"] == rule["property"] and str(next(iter(_values(one)), "")) == value
                for one in concept.get("property", ())
            )
        case "in":
            return concept["code"] in value.split(",")
    raise NotExpandable(f"the filter {operator!r} cannot be evaluated here")


def _values(node: Json) -> Iterator[Any]:
    return (value for key, value in node.items() if key.startswith("value"))
