"""What an operation of a FHIRPath Patch gives: its parts, and values as they stand in JSON."""

from dataclasses import dataclass
from typing import Any

from fhirspec.patch.problem import PatchError
from fhirspec.validation.shapes import Field, shape_at

_PARTS = ("type", "path", "name", "value", "index", "source", "destination")


@dataclass(frozen=True, slots=True)
class Given:
    """A value with its FHIR type; `parts` instead, for an element that has no type of its own."""

    type: str
    value: Any
    parts: tuple[dict[str, Any], ...] = ()


def read_operation(parameter: dict[str, Any]) -> dict[str, Any]:
    """The parts of an operation by name; `value` is a Given. PatchError names what is missing."""
    operation: dict[str, Any] = dict.fromkeys(_PARTS)
    for part in parameter.get("part", ()):
        name = part.get("name")
        if name not in _PARTS:
            raise PatchError(f"the part {name!r} is not one of {', '.join(_PARTS)}")
        given = read_value(part)
        operation[name] = given if name == "value" else given.value
    for name in ("type", "path"):
        if not isinstance(operation[name], str):
            raise PatchError(f"an operation needs {name}")
    return operation


def read_value(part: dict[str, Any]) -> Given:
    if isinstance(part.get("resource"), dict):
        return Given("Resource", part["resource"])
    for name, value in part.items():
        if name.startswith("value"):
            kind = name.removeprefix("value")
            return Given(_type_name(kind), value)
    if part.get("part"):
        return Given("", None, tuple(part["part"]))
    raise PatchError(f"the part {part.get('name')!r} has no value")


def _type_name(suffix: str) -> str:
    """`Quantity` is a type as it stands; `DateTime` is the primitive dateTime."""
    field = shape_at("Parameters", "Parameters.parameter").fields.get(f"value{suffix}")
    if field is None:
        raise PatchError(f"value{suffix} is not a value that Parameters can have")
    return field.type


def given_value(given: Given, field: Field) -> Any:
    """The JSON of a given value for this property."""
    if not given.parts:
        return given.value
    if field.check is not None or field.is_resource:
        raise PatchError(f"{field.name} takes one value, not parts")
    made: dict[str, Any] = {}
    for part in given.parts:
        name, inner = str(part.get("name")), read_value(part)
        child = field.shape.fields.get(name) or field.shape.fields.get(f"{name}{_suffix(inner)}")
        if child is None:
            raise PatchError(f"{field.shape.label} has no element {name!r}")
        value = given_value(inner, child)
        if child.repeats:
            made.setdefault(child.name, []).append(value)
        else:
            made[child.name] = value
    return made


def _suffix(given: Given) -> str:
    return given.type[:1].upper() + given.type[1:]
