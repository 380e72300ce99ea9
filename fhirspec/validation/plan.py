"""The definitions of a type, prepared for walking its JSON: one `Plan` an object, one `Child` a property."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Element, ElementType
from fhirspec.validation.primitives import CHECKS, Check
from fhirspec.valuesets import codes_of

_INLINE = ("BackboneElement", "Element")
_CODED = ("code", "Coding", "CodeableConcept", "Quantity", "string", "uri")


@dataclass(frozen=True)
class Child:
    """A property: `check` for a primitive, `defined_in` and `path` for a complex value, neither for any resource."""

    name: str
    type: str
    repeating: bool
    check: Check | None
    defined_in: str
    path: str
    targets: frozenset[str]
    required_value_set: str

    @cached_property
    def plan(self) -> "Plan":
        return plan_at(self.defined_in, self.path)

    @cached_property
    def codes(self) -> frozenset[tuple[str, str]] | None:
        """The (system, code) pairs that a required binding allows; None when it does not or cannot say."""
        return codes_of(self.required_value_set) if self.required_value_set else None

    @cached_property
    def plain_codes(self) -> frozenset[str] | None:
        """The codes alone, for an element of type code."""
        return frozenset(code for _, code in self.codes) if self.codes is not None else None


@dataclass(frozen=True)
class Plan:
    """`required`: (element, its possible properties) of each that must be there. `choices`: those of which one may be."""

    type: str
    children: dict[str, Child]
    required: tuple[tuple[str, tuple[str, ...]], ...]
    choices: tuple[tuple[str, tuple[str, ...]], ...]


def resource_plan(resource_type: str) -> Plan:
    """KeyError if R4 has no such type."""
    return plan_at(resource_type, resource_type)


@lru_cache(maxsize=2048)
def plan_at(defined_in: str, path: str) -> Plan:
    """The plan of the object at `path` of a type's definition."""
    elements = get_catalogue().type_definition(defined_in).children(path)
    children = {child.name: child for element in elements for child in _children(element, defined_in)}
    names = {
        element: tuple(name for name, _ in element.json_names()) or (element.name,) for element in elements
    }
    return Plan(
        type=path,
        children=children,
        required=tuple((one.path.rpartition(".")[2], names[one]) for one in elements if one.min > 0),
        choices=tuple((one.path.rpartition(".")[2], names[one]) for one in elements if one.is_choice),
    )


def _children(element: Element, defined_in: str) -> list[Child]:
    if element.max == "0":
        return []
    if element.content_reference:
        return [
            _child(
                element, element.name, ElementType("BackboneElement"), defined_in, element.content_reference
            )
        ]
    return [_child(element, name, kind, defined_in, element.path) for name, kind in element.json_names()]


def _child(element: Element, name: str, kind: ElementType, defined_in: str, path: str) -> Child:
    code = _actual_type(element, kind)
    inline = code in _INLINE
    return Child(
        name=name,
        type=code,
        repeating=element.is_repeating,
        check=CHECKS.get(code),
        defined_in="" if code == "Resource" else defined_in if inline else code,
        path=path if inline else code,
        targets=frozenset(kind.targets) if code == "Reference" else frozenset(),
        required_value_set=element.value_set
        if element.binding_strength == "required" and code in _CODED
        else "",
    )


def _actual_type(element: Element, kind: ElementType) -> str:
    # The logical id is declared as a string, but follows the rules of `id`; an element's own id is any string.
    if (
        element.path.count(".") == 1
        and element.name == "id"
        and element.path.split(".")[0] in (get_catalogue().resource_type_set)
    ):
        return "id"
    return kind.code
