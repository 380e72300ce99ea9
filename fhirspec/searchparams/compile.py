"""Steps compiled to closures over the JSON of a resource, with the type of each value known beforehand.

The definitions say which elements a step can reach, so no reflection happens while a resource is read. What is found is added to a
list that goes along: every write does this for some twenty parameters, and generators within generators cost twice as much.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Element
from fhirspec.searchparams.parse import (
    ExistsAndIsNotFalse,
    ExtensionNamed,
    Item,
    Name,
    OfType,
    Step,
    UnsupportedExpression,
    WhereEquals,
    WhereHasExtension,
    WhereResolves,
)

__all__ = [
    "Position",
    "UnsupportedExpression",
    "Visit",
    "child_of",
    "compile_steps",
    "is_a",
    "reached_by",
    "root_position",
]

Node = Any
Visit = Callable[[Node, list[Any]], None]
"""Adds what is found in a node to the list."""
Terminal = Callable[["Position"], Visit]

# Their children are defined where they stand, not in the type.
_INLINE = ("BackboneElement", "Element")


@dataclass(frozen=True, slots=True)
class Position:
    """Where in the definitions a node stands: its type, and the definition and path that list its children."""

    type: str
    defined_in: str
    path: str


def root_position(resource_type: str) -> Position:
    return Position(resource_type, resource_type, resource_type)


def compile_steps(position: Position, steps: tuple[Step, ...], terminal: Terminal) -> Visit:
    """A function from a node at `position` to what `terminal` makes of the nodes that the steps reach."""
    if not steps:
        return terminal(position)
    step, rest = steps[0], steps[1:]
    match step:
        case Name():
            return _compile_name(position, step.name, rest, terminal)
        case OfType():
            return compile_steps(position, rest, terminal) if is_a(position.type, step.type) else _nothing
        case ExtensionNamed():
            return _compile_extension(step.url, rest, terminal)
        case ExistsAndIsNotFalse():
            return _exists_and_is_not_false(terminal(Position("boolean", "boolean", "boolean")))
        case Item():
            raise UnsupportedExpression("an index must follow an element")
    return _filtered(_predicate(step), compile_steps(position, rest, terminal))


def _compile_name(position: Position, name: str, rest: tuple[Step, ...], terminal: Terminal) -> Visit:
    element = child_of(position, name)
    index = None
    if rest and isinstance(rest[0], Item):
        index, rest = rest[0].index, rest[1:]
    ways = []
    reachable = [one for one in reached_by(element, position) if name in (element.name, one[0])]
    fault: UnsupportedExpression | None = None
    for json_name, reached in reachable:
        try:
            visit = compile_steps(reached, rest, terminal)
        except UnsupportedExpression as problem:
            # Of a choice (`value.code`) only some types need to have the next element.
            fault = problem
            continue
        if visit is not _nothing:
            ways.append((json_name, visit))
    if fault is not None and not ways:
        raise fault
    return _descend(ways, index) if ways else _nothing


def child_of(position: Position, name: str) -> Element:
    """The element of this name below a position. UnsupportedExpression when there is none."""
    definition = get_catalogue().type_definition(position.defined_in)
    for candidate in (name, f"{name}[x]"):
        if element := definition.element(f"{position.path}.{candidate}"):
            return element
    # Guides also write a choice as JSON does: `valueDateTime`.
    for element in definition.children(position.path):
        if element.is_choice and any(name == json_name for json_name, _ in element.json_names()):
            return element
    raise UnsupportedExpression(f"{position.path} has no element {name}")


def reached_by(element: Element, position: Position) -> Iterator[tuple[str, Position]]:
    """The names that an element has in JSON (a choice has several), each with where it leads."""
    if element.content_reference:
        yield element.name, Position("BackboneElement", position.defined_in, element.content_reference)
        return
    for json_name, kind in element.json_names():
        if kind.code in _INLINE:
            yield json_name, Position(kind.code, position.defined_in, element.path)
        else:
            yield json_name, Position(kind.code, kind.code, kind.code)


def _descend(ways: list[tuple[str, Visit]], index: int | None) -> Visit:
    def visit(node: Node, found: list[Any]) -> None:
        for name, onward in ways:
            value = node.get(name)
            if value is None:
                continue
            if not isinstance(value, list):
                onward(value, found)
            elif index is None:
                for item in value:
                    # A null in a list of primitives stands for an item that has only extensions.
                    if item is not None:
                        onward(item, found)
            elif index < len(value):
                onward(value[index], found)

    return visit


def _compile_extension(url: str, rest: tuple[Step, ...], terminal: Terminal) -> Visit:
    onward = compile_steps(Position("Extension", "Extension", "Extension"), rest, terminal)

    def visit(node: Node, found: list[Any]) -> None:
        for one in node.get("extension", ()):
            if one.get("url") == url:
                onward(one, found)

    return visit


def is_a(type_code: str, wanted: str) -> bool:
    """Whether a FHIR type is another, or is derived from it."""
    # One official parameter says `DateTime` for the primitive dateTime.
    if type_code in (wanted, f"{wanted[:1].lower()}{wanted[1:]}"):
        return True
    definitions = get_catalogue()
    try:
        base = definitions.type_definition(type_code).base
    except KeyError:
        return False
    return bool(base) and base not in ("Element", "Resource", "DomainResource") and is_a(base, wanted)


def _predicate(step: Step) -> Callable[[Node], bool]:
    match step:
        case WhereEquals(name, value):
            return lambda node: node.get(name) == value
        case WhereHasExtension(url):
            return lambda node: any(one.get("url") == url for one in node.get("extension", ()))
        case WhereResolves(resource_type):
            return lambda node: reference_type(node) == resource_type
    raise UnsupportedExpression(f"{step} cannot follow an element")


def reference_type(reference: Node) -> str:
    """The resource type a Reference names, from its text or its `type`; empty when it does not say."""
    if not isinstance(reference, dict):
        return ""
    parts = str(reference.get("reference", "")).partition("/_history/")[0].split("/")
    if len(parts) >= 2 and parts[-2] in get_catalogue().resource_type_set:
        return parts[-2]
    return str(reference.get("type", ""))


def _filtered(keep: Callable[[Node], bool], onward: Visit) -> Visit:
    if onward is _nothing:
        return _nothing

    def visit(node: Node, found: list[Any]) -> None:
        if keep(node):
            onward(node, found)

    return visit


def _exists_and_is_not_false(onward: Visit) -> Visit:
    def visit(node: Node, found: list[Any]) -> None:
        if node is not False:
            onward(True, found)

    return visit


def _nothing(node: Node, found: list[Any]) -> None:
    return
