"""The schema tree: the rows of one level of a type, each opening the next level on demand."""

from dataclasses import dataclass
from functools import lru_cache

from explorer.definitions.types import is_data_type
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Element, TypeDefinition

# Types that are the same everywhere and only lengthen a tree.
_NOT_OPENED = frozenset({"Extension", "Resource", "Narrative", "xhtml"})


@dataclass(frozen=True)
class TypeLink:
    """A type of an element. `opens` says whether it has a page of its own; `targets` are of a reference."""

    code: str
    opens: bool
    targets: tuple[str, ...]


@dataclass(frozen=True)
class SchemaRow:
    """One element. `children` is the path whose rows lie below it, empty for a leaf."""

    path: str
    name: str
    cardinality: str
    required: bool
    modifier: bool
    summary: bool
    types: tuple[TypeLink, ...]
    short: str
    definition: str
    strength: str
    value_set: str
    invariants: tuple[tuple[str, str], ...]
    children: str

    @property
    def anchor(self) -> str:
        return self.path.replace("[x]", "").replace(".", "-")


@lru_cache(maxsize=600)
def schema_rows(path: str) -> tuple[SchemaRow, ...]:
    """The rows below `path`: a type's name, or the path of an element in it (`Patient.contact`).

    Raises KeyError when there is no such type or element.
    """
    definition = get_catalogue().type_definition(path.partition(".")[0])
    if definition.element(path) is None:
        raise KeyError(path)
    return tuple(_row(definition, each) for each in definition.children(path))


def _row(definition: TypeDefinition, each: Element) -> SchemaRow:
    return SchemaRow(
        path=each.path,
        name=each.path.rpartition(".")[2],
        cardinality=f"{each.min}..{each.max}",
        required=each.min > 0,
        modifier=each.is_modifier,
        summary=each.is_summary,
        types=tuple(TypeLink(kind.code, _has_page(kind.code), kind.targets) for kind in each.types),
        short=each.short,
        definition=each.definition,
        strength=each.binding_strength,
        value_set=each.value_set,
        invariants=tuple(
            (rule.key, rule.human) for rule in each.constraints if rule.key not in ("ele-1", "ext-1")
        ),
        children=_children(definition, each),
    )


def _has_page(code: str) -> bool:
    return is_data_type(code) and code not in ("BackboneElement", "Element")


def _children(definition: TypeDefinition, each: Element) -> str:
    if each.content_reference:
        return each.content_reference
    if definition.children(each.path):
        return each.path
    if len(each.types) == 1 and (code := each.types[0].code) not in _NOT_OPENED and is_data_type(code):
        nested = get_catalogue().type_definition(code)
        if nested.kind != "primitive-type":
            return code
    return ""
