"""The versions lens: how a resource looks in FHIR R4B and R5, and what changed from R4.

R4 is the catalogue's; R4B and R5 come from the models of fhir.resources, loaded only when someone asks.
"""

import importlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Element

_PACKAGES = {"R4B": "fhir.resources.R4B", "R5": "fhir.resources"}
LINKS = {"R4B": "https://hl7.org/fhir/R4B/", "R5": "https://hl7.org/fhir/R5/"}
_COMPLEX = re.compile(r"abc\.(\w+?)Type\b")
# In neither list of elements a person compares.
_UNTOLD = frozenset(
    {"id", "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension"}
)


@dataclass(frozen=True)
class Shape:
    """An element as far as it is compared: its complex type (empty for a primitive one) and whether it repeats."""

    kind: str
    many: bool

    def __str__(self) -> str:
        return f"{self.kind or 'primitive'}{' (list)' if self.many else ''}"


@dataclass(frozen=True)
class Lens:
    """One version against R4. `exists` is false when that version has no such resource."""

    version: str
    link: str
    exists: bool
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[tuple[str, str, str], ...] = ()

    @property
    def same(self) -> bool:
        return self.exists and not (self.added or self.removed or self.changed)


@lru_cache(maxsize=160)
def version_lenses(resource_type: str) -> tuple[Lens, ...]:
    """R4B and R5 against R4, at the top of the resource."""
    return tuple(_lens(resource_type, version) for version in _PACKAGES)


def _lens(resource_type: str, version: str) -> Lens:
    there = _shapes_of_model(resource_type, version)
    link = f"{LINKS[version]}{resource_type.lower()}.html"
    if there is None:
        return Lens(version, LINKS[version], exists=False)
    here = _shapes_of_catalogue(resource_type)
    return Lens(
        version,
        link,
        exists=True,
        added=tuple(name for name in there if name not in here),
        removed=tuple(name for name in here if name not in there),
        changed=tuple(
            (name, str(here[name]), str(there[name]))
            for name in here
            if name in there and here[name] != there[name]
        ),
    )


def _shapes_of_catalogue(resource_type: str) -> dict[str, Shape]:
    children = get_catalogue().type_definition(resource_type).children(resource_type)
    return {
        name: Shape(_kind(each, code.code), each.is_repeating)
        for each in children
        for name, code in each.json_names()
        if name not in _UNTOLD
    } | {
        each.name: Shape("BackboneElement", each.is_repeating) for each in children if each.content_reference
    }


def _kind(each: Element, code: str) -> str:
    return code if code[:1].isupper() else ""


def _shapes_of_model(resource_type: str, version: str) -> dict[str, Shape] | None:
    package: Any = importlib.import_module(_PACKAGES[version])
    try:
        model = package.get_fhir_model_class(resource_type)
    except (ValueError, LookupError):
        return None
    shapes = {}
    for name, field in model.model_fields.items():
        told = field.alias or name
        if (field.json_schema_extra or {}).get("element_property") and told not in _UNTOLD:
            text = str(field.annotation)
            found = _COMPLEX.search(text)
            kind = found.group(1) if found else ""
            shapes[told] = Shape(_own(kind, resource_type), "List[" in text)
    return shapes


def _own(kind: str, resource_type: str) -> str:
    """The parts of a resource are backbone elements in the definitions, and classes of their own in the models."""
    return "BackboneElement" if kind.startswith(resource_type) and kind != resource_type else kind
