"""What a search parameter finds in a resource: values with their FHIR types, or tuples of them for composites."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Component, SearchParameter
from fhirspec.searchparams.compile import Position, Visit, child_of, compile_steps, reached_by, root_position
from fhirspec.searchparams.parse import Name, UnsupportedExpression, WhereResolves, parse, split_union


class Found(NamedTuple):
    """A value and its FHIR type (`code`, `CodeableConcept`, `dateTime`, `Reference`, …)."""

    type: str
    value: Any


Extractor = Callable[[dict[str, Any]], list[Found]]
CompositeExtractor = Callable[[dict[str, Any]], list[tuple[list[Found], ...]]]


def _found(position: Position) -> Visit:
    kind = position.type

    def visit(node: Any, found: list[Any]) -> None:
        found.append(Found(kind, node))

    return visit


def _visits(expression: str, resource_type: str, terminal: Callable[[Position], Visit]) -> list[Visit]:
    """One visit for each member of the union that starts from this type."""
    visits = []
    for part in split_union(expression):
        first, *steps = parse(part)
        if isinstance(first, Name) and first.name in (resource_type, "Resource", "DomainResource"):
            visits.append(compile_steps(root_position(resource_type), tuple(steps), terminal))
    return visits


@lru_cache(maxsize=4096)
def compile_expression(expression: str, resource_type: str) -> Extractor:
    """The values that an expression finds in a resource of this type. UnsupportedExpression if it cannot be compiled."""
    visits = _visits(expression, resource_type, _found)

    def extract(resource: dict[str, Any]) -> list[Found]:
        found: list[Found] = []
        for visit in visits:
            visit(resource, found)
        return found

    return extract


@lru_cache(maxsize=4096)
def first_members(parameter: SearchParameter) -> frozenset[str]:
    """The members of a resource's JSON of which it must have one for the parameter to find anything; empty when that cannot be told."""
    root, found = root_position(parameter.base), set()
    for part in split_union(parameter.expression):
        first, *steps = parse(part)
        if not isinstance(first, Name) or first.name not in (parameter.base, "Resource", "DomainResource"):
            continue
        if not steps or not isinstance(steps[0], Name):
            return frozenset()
        found |= {name for name, _ in reached_by(child_of(root, steps[0].name), root)}
    return frozenset(found)


def extractor(parameter: SearchParameter) -> Extractor:
    """The values of a parameter that is not composite, each with its type."""
    return compile_expression(parameter.expression, parameter.base)


@lru_cache(maxsize=512)
def composite_extractor(parameter: SearchParameter) -> CompositeExtractor:
    """For each node that the composite applies to, the values of every component, in the order of the definition."""
    visits = _visits(parameter.expression, parameter.base, lambda at: _components(at, parameter.components))
    of_resource = {
        index: compile_expression(component.expression.replace(_OF_RESOURCE, parameter.base), parameter.base)
        for index, component in enumerate(parameter.components)
        if _is_of_resource(component)
    }

    def extract(resource: dict[str, Any]) -> list[tuple[list[Found], ...]]:
        found: list[tuple[list[Found], ...]] = []
        for visit in visits:
            visit(resource, found)
        if not of_resource:
            return found
        shared = {index: extract_one(resource) for index, extract_one in of_resource.items()}
        return [tuple(shared.get(index, part) for index, part in enumerate(parts)) for parts in found]

    return extract


_OF_RESOURCE = "%resource"


def _is_of_resource(component: Component) -> bool:
    """Whether a component is the same for every node: it starts from the resource, not from the node."""
    return component.expression.startswith(_OF_RESOURCE)


def _components(position: Position, components: tuple[Component, ...]) -> Visit:
    parts = [
        [compile_steps(position, parse(member), _found) for member in split_union(component.expression)]
        if not _is_of_resource(component)
        else []
        for component in components
    ]

    def visit(node: Any, found: list[Any]) -> None:
        values: tuple[list[Found], ...] = tuple([] for _ in parts)
        for visits, into in zip(parts, values, strict=True):
            for visit in visits:
                visit(node, into)
        found.append(values)

    return visit


class Alias(NamedTuple):
    """Another parameter that finds the same values; `target`, if given, keeps only references to that type."""

    code: str
    target: str


@lru_cache(maxsize=8192)
def alias_of(resource_type: str, code: str) -> Alias | None:
    """`patient` is `subject` with target Patient: such a parameter need not be indexed again."""
    parameters = get_catalogue().search_parameters(resource_type)
    own = parameters[code]
    plain, target = _without_target(own.expression)
    if not plain or own.components:
        return None
    for other in parameters.values():
        if other.code == code or other.type != own.type or other.expression != plain:
            continue
        # Of two that say the same, the first by name is the one that is indexed.
        if target or other.code < code:
            return Alias(other.code, target)
    return None


def _without_target(expression: str) -> tuple[str, str]:
    """An expression without its last `where(resolve() is T)`, and T (empty when there is none)."""
    members = split_union(expression)
    if len(members) != 1:
        return expression, ""
    steps = parse(members[0])
    if steps and isinstance(steps[-1], WhereResolves):
        return members[0].rpartition(".where(")[0], steps[-1].type
    return expression, ""


@lru_cache(maxsize=4096)
def unsupported_reason(parameter: SearchParameter) -> str:
    """Why a parameter's expression cannot be evaluated here; empty when it can (or needs none: `_text`, `near`)."""
    try:
        composite_extractor(parameter) if parameter.components else extractor(parameter)
    except UnsupportedExpression as problem:
        return str(problem)
    return ""
