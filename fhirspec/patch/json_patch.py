"""JSON Patch: https://www.rfc-editor.org/rfc/rfc6902"""

import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from fhirspec.patch.problem import PatchError, without_emptied

MAX_OPERATIONS = 1000
MAX_COPIED = 100_000
"""Values that all copies of a patch may make: each copy of what was copied before doubles it."""

_index = re.compile(r"0|[1-9][0-9]{0,8}").fullmatch
_bad_escape = re.compile(r"~(?![01])").search


def apply_json_patch(resource: dict[str, Any], operations: Any) -> Any:
    """The document that the operations make of this one. PatchError says which one cannot be done, and why."""
    if not isinstance(operations, list):
        raise PatchError("a JSON Patch is an array of operations")
    if len(operations) > MAX_OPERATIONS:
        raise PatchError(f"a JSON Patch has at most {MAX_OPERATIONS} operations")
    patch = _Patch(deepcopy(resource))
    for number, operation in enumerate(operations, start=1):
        try:
            patch.apply(operation)
        except PatchError as problem:
            raise PatchError(str(problem), number) from None
        except RecursionError:
            raise PatchError("what it makes is nested too deeply", number) from None
    if not isinstance(patch.document, dict):
        raise PatchError("what it makes is no resource")
    try:
        return without_emptied(patch.document, patch.emptied)
    except RecursionError:
        raise PatchError("what it makes is nested too deeply") from None


class _Patch:
    """A document while operations change it."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.emptied: list[Any] = []
        self.copied = 0

    def apply(self, operation: Any) -> None:
        if not isinstance(operation, dict):
            raise PatchError("an operation is an object with op and path")
        operations: dict[Any, Callable[[dict[str, Any]], None]] = {
            "add": lambda one: self.add(_path(one), _given(one)),
            "remove": lambda one: self.remove(_path(one)),
            "replace": lambda one: self.replace(_path(one), _given(one)),
            "move": self.move,
            "copy": lambda one: self.add(_path(one), self.copy(_path(one, "from"))),
            "test": self.test,
        }
        name = operation.get("op")
        if not isinstance(name, str) or name not in operations:
            raise PatchError(f"op {name!r} is not one of {', '.join(operations)}")
        operations[name](operation)

    def value(self, path: list[str]) -> Any:
        node = self.document
        for depth, part in enumerate(path):
            node = _child(node, part, path[: depth + 1])
        return node

    def add(self, path: list[str], value: Any) -> None:
        if not path:
            self.document = value
            return
        parent, last = self.value(path[:-1]), path[-1]
        if isinstance(parent, dict):
            parent[last] = value
        elif isinstance(parent, list):
            at = len(parent) if last == "-" else _position(parent, last, path, len(parent))
            parent.insert(at, value)
        else:
            raise PatchError(f"{_pointer(path[:-1])} is neither an object nor an array")

    def remove(self, path: list[str]) -> Any:
        if not path:
            raise PatchError("the whole resource cannot be removed")
        parent = self.value(path[:-1])
        value = _child(parent, path[-1], path)
        del parent[path[-1] if isinstance(parent, dict) else int(path[-1])]
        if not parent:
            self.emptied.append(parent)
        return value

    def replace(self, path: list[str], value: Any) -> None:
        if not path:
            self.document = value
            return
        parent = self.value(path[:-1])
        _child(parent, path[-1], path)
        parent[path[-1] if isinstance(parent, dict) else int(path[-1])] = value

    def move(self, operation: dict[str, Any]) -> None:
        source, target = _path(operation, "from"), _path(operation)
        if target[: len(source)] == source and target != source:
            raise PatchError(f"{_pointer(source)} cannot be moved into itself")
        self.add(target, self.remove(source))

    def copy(self, source: list[str]) -> Any:
        value = self.value(source)
        self.copied += _size(value, MAX_COPIED - self.copied)
        if self.copied > MAX_COPIED:
            raise PatchError(f"the copies of a JSON Patch have at most {MAX_COPIED:,} values")
        return deepcopy(value)

    def test(self, operation: dict[str, Any]) -> None:
        path = _path(operation)
        if not _equal(self.value(path), _given(operation)):
            raise PatchError(f"the test failed: {_pointer(path)} has another value")


def _size(value: Any, most: int) -> int:
    """How many values there are in this one, itself included; counting ends beyond `most`."""
    number, waiting = 0, [value]
    while waiting and number <= most:
        node = waiting.pop()
        number += 1
        if isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return number


def _path(operation: dict[str, Any], name: str = "path") -> list[str]:
    """The parts of a JSON Pointer (RFC 6901)."""
    pointer = operation.get(name)
    if not isinstance(pointer, str):
        raise PatchError(f"{operation['op']} needs {name}")
    if pointer and not pointer.startswith("/"):
        raise PatchError(f"{name} {pointer!r} must begin with /")
    if _bad_escape(pointer):
        raise PatchError(f"{name} {pointer!r} has a ~ that is neither ~0 nor ~1")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _given(operation: dict[str, Any]) -> Any:
    if "value" not in operation:
        raise PatchError(f"{operation['op']} needs a value")
    return deepcopy(operation["value"])


def _child(node: Any, part: str, path: list[str]) -> Any:
    if isinstance(node, dict):
        if part not in node:
            raise PatchError(f"there is nothing at {_pointer(path)}")
        return node[part]
    if isinstance(node, list):
        return node[_position(node, part, path, len(node) - 1)]
    raise PatchError(f"there is nothing at {_pointer(path)}")


def _position(node: list[Any], part: str, path: list[str], most: int) -> int:
    if not _index(part):
        raise PatchError(f"{part!r} in {_pointer(path)} is not an index of an array")
    if int(part) > most:
        raise PatchError(f"there is nothing at {_pointer(path)}: the array has {len(node)} items")
    return int(part)


def _pointer(path: list[str]) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in path) or "the root"


def _equal(one: Any, other: Any) -> bool:
    """Equality of JSON: numbers by value, and `true` is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_equal, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)
