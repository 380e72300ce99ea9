"""The compact shapes of the official definitions, as the catalogue keeps them.

https://hl7.org/fhir/R4/structuredefinition.html, https://hl7.org/fhir/R4/searchparameter.html
"""

from collections.abc import Iterator

import msgspec


class ElementType(msgspec.Struct, frozen=True, omit_defaults=True):
    """One type that an element may have. `targets`: resource types a reference may name (empty: any)."""

    code: str
    targets: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()


class Constraint(msgspec.Struct, frozen=True, omit_defaults=True):
    """An invariant: `severity` is error or warning, `expression` is FHIRPath."""

    key: str
    severity: str
    human: str
    expression: str = ""


class Element(msgspec.Struct, frozen=True, omit_defaults=True):
    """One element of a type. `path` is dotted (`Patient.contact.name`, `Observation.value[x]`); `max` is a number or `*`."""

    path: str
    min: int
    max: str
    types: tuple[ElementType, ...] = ()
    content_reference: str = ""
    short: str = ""
    definition: str = ""
    binding_strength: str = ""
    value_set: str = ""
    is_modifier: bool = False
    is_summary: bool = False
    constraints: tuple[Constraint, ...] = ()

    @property
    def name(self) -> str:
        """The last step of the path, without `[x]`."""
        return self.path.rpartition(".")[2].removesuffix("[x]")

    @property
    def is_choice(self) -> bool:
        return self.path.endswith("[x]")

    @property
    def is_repeating(self) -> bool:
        return self.max not in ("0", "1")

    def json_names(self) -> Iterator[tuple[str, ElementType]]:
        """The property names under which the element stands in JSON, each with its type (`valueQuantity`, Quantity)."""
        for one in self.types:
            yield (f"{self.name}{one.code[0].upper()}{one.code[1:]}" if self.is_choice else self.name), one


class TypeDefinition(msgspec.Struct, frozen=True, omit_defaults=True):
    """A resource or data type. `elements` are in the order of the specification, the root first."""

    name: str
    kind: str
    abstract: bool
    url: str
    base: str
    description: str
    elements: tuple[Element, ...]
    purpose: str = ""
    category: str = ""
    maturity: str = ""
    standards_status: str = ""
    regex: str = ""

    def children(self, path: str) -> tuple[Element, ...]:
        """The elements directly below `path`, in order."""
        depth = path.count(".") + 1
        start = path + "."
        return tuple(
            one for one in self.elements if one.path.startswith(start) and one.path.count(".") == depth
        )

    def element(self, path: str) -> Element | None:
        return next((one for one in self.elements if one.path == path), None)


class Component(msgspec.Struct, frozen=True):
    """A part of a composite search parameter: the parameter it takes its type from, and where its value lies."""

    definition: str
    expression: str


class SearchParameter(msgspec.Struct, frozen=True, omit_defaults=True):
    """A search parameter as it applies to one resource type: `expression` holds only that type's part of a union."""

    code: str
    type: str
    url: str
    base: str
    expression: str = ""
    description: str = ""
    targets: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()


class Operation(msgspec.Struct, frozen=True):
    """An OperationDefinition: where it may be called, and the whole official resource."""

    code: str
    resources: tuple[str, ...]
    system: bool
    type: bool
    instance: bool
    affects_state: bool
    definition: dict[str, object]


class Index(msgspec.Struct, frozen=True):
    """What the catalogue knows without opening another file."""

    format: int
    source: str
    resource_types: tuple[str, ...]
    data_types: tuple[str, ...]
    search_parameters: dict[str, tuple[SearchParameter, ...]]
    compartments: dict[str, dict[str, tuple[str, ...]]]
    operations: tuple[Operation, ...]
    canonicals: dict[str, str]
    """Canonical URL of a value set, code system or structure to the name of its file."""
    code_systems: tuple[tuple[str, str], ...] = ()
    """URL and version of those that list their codes."""
