"""FHIRPath Patch: https://hl7.org/fhir/R4/fhirpatch.html"""

from copy import deepcopy
from typing import Any

from fhirspec.patch.nodes import Node, fields_named, find, holder
from fhirspec.patch.problem import PatchError, without_emptied
from fhirspec.patch.values import Given, given_value, read_operation
from fhirspec.validation import validate
from fhirspec.validation.shapes import Field, Shape, shape_at

Json = dict[str, Any]


def apply_fhirpath_patch(resource: Json, parameters: Json) -> Json:
    """The resource that a Parameters with operations makes of this one. PatchError says which cannot be done."""
    if not parameters.get("parameter"):
        raise PatchError("the Parameters have no operation")
    for fault in validate(parameters, "Parameters"):
        if fault.is_error:
            raise PatchError(f"{fault.path}: {fault.message}")
    patch = _Patch(deepcopy(resource))
    for number, operation in enumerate(parameters["parameter"], start=1):
        if operation.get("name") != "operation":
            raise PatchError(f"the parameter {operation.get('name')!r} is not an operation", number)
        try:
            patch.apply(read_operation(operation))
        except PatchError as problem:
            raise PatchError(str(problem), number) from None
    changed = without_emptied(patch.resource, patch.emptied)
    assert isinstance(changed, dict)  # noqa: S101 (the root is never removed)
    return changed


class _Patch:
    """A resource while operations change it."""

    def __init__(self, resource: Json) -> None:
        self.resource = resource
        self.emptied: list[Any] = []

    def apply(self, operation: dict[str, Any]) -> None:
        match operation["type"]:
            case "add":
                self.add(operation)
            case "insert":
                self.insert(operation)
            case "delete":
                self.delete(operation)
            case "replace":
                self.replace(operation)
            case "move":
                self.move(operation)
            case other:
                raise PatchError(f"type {other!r} is not one of add, insert, delete, replace, move")

    def add(self, operation: dict[str, Any]) -> None:
        parent = self._one(operation["path"])
        name = _required(operation, "name")
        owner, shape = self._open(parent)
        given: Given = _required(operation, "value")
        field = _field_for(shape, name, given, operation["path"])
        value = given_value(given, field)
        if field.repeats:
            owner.setdefault(field.name, []).append(value)
            return
        if field.name in owner or any(one.name in owner for one in fields_named(shape, name)):
            raise PatchError(f"{operation['path']}.{name} has a value already; use replace")
        owner[field.name] = value

    def insert(self, operation: dict[str, Any]) -> None:
        items, field = self._list(operation["path"])
        at = _index(operation, "index", len(items))
        items.insert(at, given_value(_required(operation, "value"), field))

    def delete(self, operation: dict[str, Any]) -> None:
        found = find(self.resource, operation["path"])
        if len(found) > 1:
            raise PatchError(f"{operation['path']} names {len(found)} elements; only one can be deleted")
        for node in found:
            self._remove(node)

    def replace(self, operation: dict[str, Any]) -> None:
        node = self._one(operation["path"])
        if node.owner is None or node.field is None:
            raise PatchError("the whole resource cannot be replaced by a patch; use update")
        given: Given = _required(operation, "value")
        field = node.field
        if field.element.is_choice and given.type and given.type != field.type:
            field = _choice(field, given, operation["path"])
            del node.owner[node.name]
            node.owner.pop(f"_{node.name}", None)
        value = given_value(given, field)
        if node.index is None:
            node.owner[field.name] = value
        else:
            node.owner[field.name][node.index] = value

    def move(self, operation: dict[str, Any]) -> None:
        items, _ = self._list(operation["path"])
        source = _index(operation, "source", len(items) - 1)
        destination = _index(operation, "destination", len(items) - 1)
        items.insert(destination, items.pop(source))

    # -- places ----------------------------------------------------------------------------------------------

    def _one(self, path: str) -> Node:
        found = find(self.resource, path)
        if len(found) != 1:
            raise PatchError(f"{path} names {len(found) or 'no'} elements; it must name one")
        return found[0]

    def _list(self, path: str) -> tuple[list[Any], Field]:
        """All items of a repeating element; the path names the element without an index."""
        found = find(self.resource, path)
        if not found or found[0].index is None or found[0].field is None or found[0].owner is None:
            raise PatchError(f"{path} does not name a list")
        items = found[0].owner[found[0].name]
        if len(found) != len(items):
            raise PatchError(f"{path} must name one whole list")
        return items, found[0].field

    def _open(self, node: Node) -> tuple[Json, Shape]:
        """The object that takes new children: for a primitive the one beside it, made if it is not there."""
        owner, shape = holder(node)
        if owner is not None and shape is not None:
            return owner, shape
        assert node.owner is not None  # noqa: S101 (only an element of a resource is without an object)
        beside: Json = {}
        if node.index is None:
            node.owner[f"_{node.name}"] = beside
        else:
            places = node.owner.setdefault(f"_{node.name}", [])
            places.extend([None] * (len(node.owner[node.name]) - len(places)))
            places[node.index] = beside
        return beside, shape_at("Element", "Element")

    def _remove(self, node: Node) -> None:
        if node.owner is None:
            raise PatchError("the whole resource cannot be deleted by a patch")
        if node.index is None:
            node.owner.pop(node.name, None)
            node.owner.pop(f"_{node.name}", None)
        else:
            for name in (node.name, f"_{node.name}"):
                items = node.owner.get(name)
                if isinstance(items, list) and node.index < len(items):
                    del items[node.index]
                    self.emptied.append(items)
        self.emptied.append(node.owner)


def _required(operation: dict[str, Any], name: str) -> Any:
    if operation.get(name) is None:
        raise PatchError(f"{operation['type']} needs {name}")
    return operation[name]


def _index(operation: dict[str, Any], name: str, most: int) -> int:
    value = _required(operation, name)
    if type(value) is not int or not 0 <= value <= most:
        raise PatchError(f"{name} must be a number from 0 to {most}, not {value!r}")
    return value


def _field_for(shape: Shape, name: str, given: Given, path: str) -> Field:
    fields = fields_named(shape, name)
    if not fields:
        raise PatchError(f"{path} ({shape.label}) has no element {name!r}")
    return fields[0] if len(fields) == 1 else _of_type(fields, given, f"{path}.{name}")


def _choice(field: Field, given: Given, path: str) -> Field:
    options = [Field(name, field.element, kind.code) for name, kind in field.element.json_names()]
    return _of_type(options, given, path)


def _of_type(fields: list[Field], given: Given, path: str) -> Field:
    for field in fields:
        if field.type == given.type:
            return field
    raise PatchError(f"{path} cannot be a {given.type or 'value without a type'}")
