"""Resource types and data types: what they are and where the specification tells more."""

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from fhirspec.catalogue import get_catalogue
from fhirspec.resource_types import is_resource_type

SPECIFICATION = "https://hl7.org/fhir/R4/"
# Pages of the specification that hold more than one data type.
_SHARED_PAGES = {
    "Reference": "references.html#Reference",
    "Extension": "extensibility.html#Extension",
    "Meta": "resource.html#Meta",
    "Narrative": "narrative.html#Narrative",
    "Dosage": "dosage.html",
    "ElementDefinition": "elementdefinition.html",
    **dict.fromkeys(
        (
            "ContactDetail", "Contributor", "DataRequirement", "Expression", "ParameterDefinition",
            "RelatedArtifact", "TriggerDefinition", "UsageContext",
        ),
        "metadatatypes.html",
    ),
}  # fmt: skip
# The order of the specification's own index: what most people work with comes first.
_MODULES = ("Base", "Clinical", "Financial", "Foundation", "Specialized")


@dataclass(frozen=True)
class TypeFacts:
    """A resource or data type in words. `module` and `category` are those of the specification's index."""

    name: str
    module: str
    category: str
    description: str
    purpose: str
    maturity: str
    status: str
    link: str


@dataclass(frozen=True)
class Module:
    name: str
    types: tuple[TypeFacts, ...]


def is_data_type(name: str) -> bool:
    return name in get_catalogue().data_types


@lru_cache(maxsize=256)
def type_facts(name: str) -> TypeFacts:
    """Raises KeyError for what is neither a resource nor a data type of R4."""
    definition = get_catalogue().type_definition(name)
    module, _, category = unescape(definition.category).partition(".")
    return TypeFacts(
        name=name,
        module=module or "Other",
        category=category or module,
        description=_sentence(definition.description),
        purpose=_sentence(definition.purpose),
        maturity=definition.maturity,
        status=definition.standards_status,
        link=specification_link(name),
    )


def specification_link(name: str) -> str:
    if is_resource_type(name):
        return f"{SPECIFICATION}{name.lower()}.html"
    return SPECIFICATION + _SHARED_PAGES.get(name, f"datatypes.html#{name}")


def _sentence(text: str) -> str:
    """Definitions begin "Base StructureDefinition for … Type: …": only the rest says something."""
    if text.startswith("Base StructureDefinition for"):
        text = text.partition(": ")[2]
    return text.strip()


@lru_cache(maxsize=1)
def list_modules() -> tuple[Module, ...]:
    """All resource types by module and category, in the order of the specification's index."""
    by_module: dict[str, list[TypeFacts]] = defaultdict(list)
    for name in get_catalogue().resource_types:
        facts = type_facts(name)
        by_module[facts.module].append(facts)
    names = sorted(by_module, key=lambda name: (_MODULES.index(name) if name in _MODULES else 99, name))
    return tuple(
        Module(name, tuple(sorted(by_module[name], key=lambda facts: (facts.category, facts.name))))
        for name in names
    )


@lru_cache(maxsize=256)
def element_names(name: str) -> tuple[str, ...]:
    """The names of the elements at the top of a type, as `_elements` takes them."""
    return tuple(each.name for each in get_catalogue().type_definition(name).children(name))
