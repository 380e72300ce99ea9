"""What may be written at the cursor of a body: elements of the type that it is in, or codes of the element's value set."""

from dataclasses import dataclass
from itertools import islice

from explorer.building.places import Cursor, cursor_at
from explorer.definitions.codes import list_codes
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Element, ElementType, TypeDefinition

MOST_OFFERED = 200


@dataclass(frozen=True)
class Completion:
    """`text` is what is written, without quotes; `kind` and `about` explain it."""

    text: str
    kind: str
    about: str


@dataclass(frozen=True)
class _Context:
    """The element that an object or a value is of: `path` is where its children stand in `definition`."""

    definition: TypeDefinition
    path: str
    element: Element | None = None
    kind: ElementType | None = None


def complete(text: str, offset: int, resource_type: str) -> tuple[Cursor, list[Completion]]:
    """The cursor, and what begins with what is typed there; `resource_type` is the body's where it does not say it."""
    cursor = cursor_at(text, offset)
    found = _keys(cursor, resource_type) if cursor.wants == "key" else _values(cursor, resource_type)
    typed = cursor.typed.lower()
    return cursor, list(islice((each for each in found if typed in each.text.lower()), MOST_OFFERED))


def _keys(cursor: Cursor, resource_type: str) -> list[Completion]:
    context = _context(cursor, len(cursor.objects) - 1, resource_type)
    if not cursor.objects or context is None:
        return []
    present = cursor.objects[-1][1].members
    offered = [
        Completion(name, f"{each.min}..{each.max} {kind.code}", each.short)
        for each in context.definition.children(context.path)
        for name, kind in _names(each)
        if not any(other in present for other, _ in _names(each))
    ]
    if context.definition.kind == "resource" and "." not in context.path and "resourceType" not in present:
        offered.insert(0, Completion("resourceType", "1..1 code", "The type of this resource"))
    return offered


def _values(cursor: Cursor, resource_type: str) -> list[Completion]:
    if not cursor.objects:
        return []
    key = cursor.objects[-1][0]
    if key == "resourceType":
        return [Completion(name, "type", "") for name in get_catalogue().resource_types]
    context = _context(cursor, len(cursor.objects) - 1, resource_type)
    if key in ("code", "system", "display") and context and context.kind and context.kind.code == "Coding":
        return _coding(cursor, resource_type, key)
    member = _member(context, key) if context else None
    if member is None or member.element is None or member.kind is None:
        return []
    if member.kind.code == "boolean":
        return [Completion("true", "boolean", ""), Completion("false", "boolean", "")]
    if member.kind.code != "code" or not member.element.value_set:
        return []
    listed = list_codes(member.element.value_set)
    return [Completion(each.code, "code", each.display) for each in (listed.codes if listed else ())]


def _coding(cursor: Cursor, resource_type: str, key: str) -> list[Completion]:
    """Codes of a Coding, by the value set of the nearest element around it that has one."""
    for depth in range(len(cursor.objects) - 1, -1, -1):
        context = _context(cursor, depth, resource_type)
        if context and context.element and context.element.value_set:
            listed = list_codes(context.element.value_set)
            codes = listed.codes if listed else ()
            if key == "system":
                return [
                    Completion(system, "system", "")
                    for system in dict.fromkeys(each.system for each in codes)
                ]
            return [Completion(getattr(each, key), each.code, each.display) for each in codes]
    return []


def _context(cursor: Cursor, depth: int, resource_type: str) -> _Context | None:
    """What the object number `depth` around the cursor is."""
    context: _Context | None = None
    for number, (_, place) in enumerate(cursor.objects[: depth + 1]):
        if number:
            context = _member(context, cursor.objects[number - 1][0]) if context else None
        named = place.members.get("resourceType")
        name = named.text if named else resource_type if number == 0 else ""
        is_resource = number == 0 or (context is not None and context.definition.name == "Resource")
        if is_resource and name in get_catalogue().resource_type_set:
            context = _Context(get_catalogue().type_definition(name), name)
        if context is None:
            return None
    return context


def _member(context: _Context, key: str) -> _Context | None:
    """What stands under a key."""
    for element in context.definition.children(context.path):
        for name, kind in _names(element):
            if name == key:
                return _reached(context, element, kind)
    return None


def _names(element: Element) -> list[tuple[str, ElementType]]:
    """What the element is called in JSON; one that is like another has no type of its own."""
    return list(element.json_names()) or [(element.name, ElementType("BackboneElement"))]


def _reached(context: _Context, element: Element, kind: ElementType) -> _Context:
    if element.content_reference:
        return _Context(context.definition, element.content_reference, element, kind)
    if kind.code in ("BackboneElement", "Element"):
        return _Context(context.definition, element.path, element, kind)
    return _Context(get_catalogue().type_definition(kind.code), kind.code, element, kind)
