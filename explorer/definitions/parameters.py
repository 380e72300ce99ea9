"""Search parameters of a resource type as the pages show them."""

from dataclasses import replace
from functools import lru_cache

from explorer.building.fields import SearchParameterFacts, prefixes_of
from explorer.definitions.codes import list_codes
from explorer.definitions.example_value import example_value, read_element
from fhirserver.search import unsupported
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import SearchParameter
from fhirspec.searchparams.behaviour import modifiers_of

_LONGEST_PICKER = 40
# Result parameters and those without a meaning of their own have fields elsewhere, or none.
_NOT_FIELDS = frozenset({"_query"})


@lru_cache(maxsize=160)
def parameters(resource_type: str) -> tuple[SearchParameterFacts, ...]:
    """The parameters of a type, its own first and then those of every resource. Empty for an unknown type."""
    try:
        found = get_catalogue().search_parameters(resource_type)
    except KeyError:
        return ()
    kept = [each for each in found.values() if each.code not in _NOT_FIELDS]
    ordered = sorted(kept, key=lambda each: (each.code.startswith("_"), each.code))
    return tuple(_facts(each, resource_type) for each in ordered)


@lru_cache(maxsize=160)
def unsearched(resource_type: str) -> tuple[SearchParameterFacts, ...]:
    """Parameters of R4 that the embedded server does not search, and what it refuses together, each with its reason."""
    found = get_catalogue().search_parameters(resource_type).values()
    alone = [
        replace(_facts(each, resource_type), supported=False, reason=why)
        for each in found
        if (why := unsupported.reason(each))
    ]
    together = [
        SearchParameterFacts(code=names, kind="special", supported=False, reason=f"Not together: {why}.")
        for names, why in unsupported.combinations().items()
    ]
    return (*alone, *together)


def _facts(each: SearchParameter, resource_type: str) -> SearchParameterFacts:
    return SearchParameterFacts(
        code=each.code,
        kind=each.type,
        description=each.description,
        expression=each.expression,
        url=each.url,
        targets=each.targets,
        modifiers=modifiers_of(each),
        prefixes=prefixes_of(each.type),
        components=_components(each, resource_type),
        codes=_codes(each, resource_type) if each.type == "token" else (),
        example=example_value(each, resource_type),
    )


def _components(each: SearchParameter, resource_type: str) -> tuple[SearchParameterFacts, ...]:
    """The parts of a composite, none where one of them is not known."""
    known = {one.url: one for one in get_catalogue().search_parameters(resource_type).values()}
    found = [known.get(part.definition) for part in each.components]
    parts = [_facts(one, resource_type) for one in found if one]
    if len(parts) < len(found):
        return ()
    return tuple(
        replace(facts, expression=part.expression) for facts, part in zip(parts, each.components, strict=True)
    )


def _codes(each: SearchParameter, resource_type: str) -> tuple[tuple[str, str], ...]:
    """The codes of the element that a parameter reads, when they are few enough to pick from."""
    element = read_element(each, resource_type)
    if element is None:
        return ()
    if element.types and element.types[0].code == "boolean":
        return (("true", ""), ("false", ""))
    found = list_codes(element.value_set) if element.value_set else None
    if found is None or len(found.codes) > _LONGEST_PICKER:
        return ()
    return tuple((code.code, code.display) for code in found.codes)


def history_parameters() -> list[SearchParameterFacts]:
    """https://hl7.org/fhir/R4/http.html#history"""
    return [
        SearchParameterFacts("_since", "instant", "Only versions stored since then: 2024-05-01T00:00:00Z"),
        SearchParameterFacts("_at", "instant", "Only versions that were current at this time"),
        SearchParameterFacts("_count", "number", "How many entries a page has"),
    ]


@lru_cache(maxsize=160)
def revincludes(resource_type: str) -> tuple[str, ...]:
    """`Source:parameter` of every reference parameter that may point at this type."""
    catalogue = get_catalogue()
    return tuple(
        f"{source}:{each.code}"
        for source in catalogue.resource_types
        for each in catalogue.search_parameters(source).values()
        if each.type == "reference" and resource_type in each.targets
    )
