"""The elements that a FHIRPath names, as places in a resource that can be changed.

The paths of patches are simple: elements, `[n]`, `first()`, `last()`, `where(…)`, `ofType(…)`, `extension('…')`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhirspec.patch.problem import PatchError
from fhirspec.validation.shapes import Field, Shape, shape_at


@dataclass(slots=True)
class Node:
    """An element at its place: `owner[name]`, or `owner[name][index]` for an element that repeats."""

    value: Any
    shape: Shape | None
    owner: dict[str, Any] | None = None
    field: Field | None = None
    index: int | None = None

    @property
    def name(self) -> str:
        return self.field.name if self.field else ""


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|`[^`]+`")
_INDEX = re.compile(r"\[\s*(\d+)\s*\]")


def find(resource: dict[str, Any], path: str) -> list[Node]:
    """The elements that the path names, in order. PatchError for a path that cannot be read."""
    name = str(resource["resourceType"])
    nodes = [Node(resource, shape_at(name, name))]
    steps = list(_steps(path))
    if steps and steps[0] in ((name, None), ("Resource", None), ("DomainResource", None)):
        steps = steps[1:]
    for name, argument in steps:
        nodes = _step(nodes, name, argument, path)
    return nodes


def _steps(path: str) -> Iterator[tuple[str, str | None]]:
    """Names with None, functions with their argument, an index as `[` with its number."""
    at, path = 0, path.strip()
    while at < len(path):
        if index := _INDEX.match(path, at):
            yield "[", index[1]
            at = index.end()
            continue
        at += path[at] == "." and at > 0
        name = _NAME.match(path, at)
        if name is None:
            raise PatchError(f"the path {path!r} cannot be read at {path[at:]!r}")
        at = name.end()
        if path[at : at + 1] != "(":
            yield name[0].strip("`"), None
            continue
        end = _closing(path, at)
        yield name[0], path[at + 1 : end].strip()
        at = end + 1


def _closing(path: str, start: int) -> int:
    """Where the parenthesis that opens at `start` closes; those in quotes do not count."""
    depth, quoted = 0, False
    for at in range(start, len(path)):
        character = path[at]
        if character == "'" and path[at - 1] != "\\":
            quoted = not quoted
        elif not quoted and character in "()":
            depth += 1 if character == "(" else -1
            if depth == 0:
                return at
    raise PatchError(f"the path {path!r} has an open parenthesis")


def _step(nodes: list[Node], name: str, argument: str | None, path: str) -> list[Node]:
    if argument is None:
        return [child for node in nodes for child in _children(node, name)]
    match name:
        case "[":
            return nodes[int(argument) : int(argument) + 1]
        case "first":
            return nodes[:1]
        case "last":
            return nodes[-1:]
        case "where":
            return [node for node in nodes if _holds(node, argument)]
        case "ofType" | "as":
            return [node for node in nodes if node.field and node.field.type == argument]
        case "extension":
            url = argument.strip("'")
            found = [child for node in nodes for child in _children(node, "extension")]
            return [node for node in found if node.value.get("url") == url]
    raise PatchError(f"the function {name}() in {path!r} is not supported in a patch")


def _children(node: Node, name: str) -> Iterator[Node]:
    owner, shape = holder(node)
    if owner is None or shape is None:
        return
    for field in fields_named(shape, name):
        value = owner.get(field.name)
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield Node(item, _shape_of(field, item), owner, field, index)
        elif value is not None or f"_{field.name}" in owner:
            yield Node(value, _shape_of(field, value), owner, field)


def holder(node: Node) -> tuple[dict[str, Any] | None, Shape | None]:
    """The object that holds an element's children: for a primitive the one beside it (`_birthDate`)."""
    if isinstance(node.value, dict):
        return node.value, node.shape
    if node.owner is None or node.field is None:
        return None, None
    beside = node.owner.get(f"_{node.name}")
    if node.index is not None and isinstance(beside, list):
        beside = beside[node.index] if node.index < len(beside) else None
    return (beside, shape_at("Element", "Element")) if isinstance(beside, dict) else (None, None)


def fields_named(shape: Shape, name: str) -> list[Field]:
    """The properties of an element: several for a choice (`value`), which JSON also names singly (`valueQuantity`)."""
    fields = [field for field in shape.fields.values() if not field.is_companion]
    return [field for field in fields if field.segment == name] or [
        field for field in fields if field.name == name
    ]


def _shape_of(field: Field, value: Any) -> Shape | None:
    if field.check is not None or not isinstance(value, dict):
        return None
    if field.is_resource:
        name = str(value.get("resourceType"))
        return shape_at(name, name)
    return field.shape


def _holds(node: Node, criterion: str) -> bool:
    import fhirpathpy  # takes a while to load, and few patches have criteria

    try:
        found = fhirpathpy.evaluate(node.value, criterion)
    except Exception as problem:  # The library raises all kinds for a malformed expression.
        raise PatchError(f"where({criterion}) cannot be evaluated: {problem}") from problem
    return bool(found) and found[0] is True
