"""Definitions compiled for the walk: which properties an object at a place may have, and how each is checked."""

from collections.abc import Iterator
from functools import lru_cache

from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Element, ElementType, TypeDefinition
from fhirspec.terminology import code_set
from fhirspec.validation.narrative import narrative_fault
from fhirspec.validation.primitives import PRIMITIVES, Check

_INLINE = ("BackboneElement", "Element")
# Values that cannot have an id or extensions of their own.
_BARE = ("id", "div", "Extension.url")


class Field:
    """A JSON property. A primitive has `check`; an object has `shape`; `is_resource` is a whole resource of any type."""

    __slots__ = (
        "_place",
        "_shape",
        "binding",
        "check",
        "element",
        "is_companion",
        "is_resource",
        "most",
        "name",
        "repeats",
        "segment",
        "targets",
        "type",
    )

    def __init__(self, name: str, element: Element, kind: str, place: tuple[str, str] | None = None) -> None:
        self.name = name
        self.segment = element.name
        self.element = element
        self.type = kind
        self.repeats = element.is_repeating
        self.most = 0 if element.max == "*" else int(element.max)
        self.is_companion = False
        self.is_resource = kind == "Resource"
        self.check: Check | None = None
        self.binding = ""
        self.targets: frozenset[str] = frozenset()
        # Compiled when the first such object comes: definitions are recursive.
        self._place = place or (kind, kind)
        self._shape: Shape | None = None

    @property
    def shape(self) -> "Shape":
        if self._shape is None:
            self._shape = shape_at(*self._place)
        return self._shape


class Shape:
    """An object: a resource, a data type, or an element defined inside of one (`type` is then empty)."""

    __slots__ = ("choices", "fields", "is_extension", "is_resource", "label", "required")

    def __init__(self, definition: TypeDefinition, path: str) -> None:
        self.label = path
        self.is_resource = path == definition.name and definition.kind == "resource"
        self.is_extension = path == "Extension"
        self.fields: dict[str, Field] = {}
        required: list[tuple[Element, tuple[str, ...]]] = []
        choices: list[tuple[Element, frozenset[str]]] = []
        for element in definition.children(path):
            fields = list(_fields(element, definition.name))
            self.fields.update((one.name, one) for one in fields)
            names = tuple(one.name for one in fields)
            if element.min:
                required.append((element, names))
            if element.is_choice and len(element.types) > 1:
                choices.append((element, frozenset(names)))
        self.required = tuple(required)
        self.choices = tuple(choices)


@lru_cache(maxsize=4096)
def shape_at(type_name: str, path: str) -> Shape:
    """The compiled definition of a type, or of an element inside of it."""
    return Shape(get_catalogue().type_definition(type_name), path)


def _fields(element: Element, type_name: str) -> Iterator[Field]:
    """The properties under which an element stands in JSON, `_birthDate` beside `birthDate` included."""
    if element.max == "0":
        return
    if element.content_reference:
        yield Field(element.name, element, "BackboneElement", (type_name, element.content_reference))
        return
    for name, kind in element.json_names():
        field = _field(name, element, kind, type_name)
        yield field
        if field.check is not None and element.path not in _BARE and element.name not in _BARE:
            companion = Field(f"_{name}", element, "Element")
            companion.is_companion = True
            yield companion


def _field(name: str, element: Element, kind: ElementType, type_name: str) -> Field:
    inline = (type_name, element.path) if kind.code in _INLINE else None
    field = Field(name, element, kind.code, inline)
    field.targets = frozenset(kind.targets)
    if kind.code == "xhtml":
        field.check = lambda value: not narrative_fault(value)
    elif kind.code in PRIMITIVES:
        field.check = PRIMITIVES[kind.code].check
    if element.binding_strength == "required" and (codes := code_set(element.value_set)) is not None:
        field.binding = element.value_set
        if kind.code == "code":
            field.check = _membership(frozenset(code for _, code in codes))
    return field


def _membership(allowed: frozenset[str]) -> Check:
    return lambda value: type(value) is str and value in allowed
