"""A parameter's expression as paths into the JSON of a resource, for those who read it without an evaluator: a database.

https://hl7.org/fhir/R4/json.html
"""

from collections.abc import Iterator
from typing import NamedTuple

from fhirspec.definitions import SearchParameter
from fhirspec.searchparams.compile import Position, child_of, is_a, reached_by, root_position
from fhirspec.searchparams.parse import (
    Name,
    OfType,
    Step,
    UnsupportedExpression,
    WhereEquals,
    WhereResolves,
    parse,
    split_union,
)


class Kept(NamedTuple):
    """Keeps objects of which this member has the value (`begins`: begins with it)."""

    name: str
    value: str
    begins: bool = False


class Member(NamedTuple):
    """A member of a JSON object; where it is a list, each of its items that passes `kept`."""

    name: str
    kept: Kept | None = None


class JsonPath(NamedTuple):
    """`type`: the FHIR type of what lies at the end."""

    members: tuple[Member, ...]
    type: str


def json_paths(parameter: SearchParameter) -> tuple[JsonPath, ...]:
    """Where the values of a parameter lie. UnsupportedExpression if its expression says more than a path can."""
    found: list[JsonPath] = []
    for part in split_union(parameter.expression):
        first, *steps = parse(part)
        if isinstance(first, Name) and first.name in (parameter.base, "Resource", "DomainResource"):
            found += _walk(root_position(parameter.base), tuple(steps), ())
    return tuple(found)


def _walk(position: Position, steps: tuple[Step, ...], done: tuple[Member, ...]) -> Iterator[JsonPath]:
    if not steps:
        yield JsonPath(done, position.type)
        return
    step, rest = steps[0], steps[1:]
    match step:
        case Name(name):
            element = child_of(position, name)
            for json_name, reached in reached_by(element, position):
                if name in (element.name, json_name):
                    yield from _walk(reached, rest, (*done, Member(json_name)))
        case OfType(wanted):
            if is_a(position.type, wanted):
                yield from _walk(position, rest, done)
        case WhereEquals(name, value) if done:
            yield from _walk(position, rest, (*done[:-1], Member(done[-1].name, Kept(name, value))))
        case WhereResolves(target) if done:
            kept = Kept("reference", f"{target}/", begins=True)
            yield from _walk(position, rest, (*done[:-1], Member(done[-1].name, kept)))
        case _:
            raise UnsupportedExpression(f"{type(step).__name__} is no part of a path")
