"""Chains (`subject.name`) and `_has`: what is asked of the other end of a reference.

https://hl7.org/fhir/R4/search.html#chaining. The caller's grant holds at every other end.
"""

from collections.abc import Callable

from fhirserver.indexing.definitions import readings
from fhirserver.outcomes import BadRequest, FhirError
from fhirserver.rows import param_code
from fhirserver.search.ast import NOTHING, And, Chain, Node, Or, ReferredBy, any_of, of_type
from fhirserver.search.contained import NotOfContained, contained_of_type, of_contained
from fhirserver.search.criteria.faults import UnknownParameter, unknown_modifier
from fhirserver.search.criteria.known import known
from fhirserver.search.scope import Scope
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import SearchParameter

MAX_SINGLE = 8


def chain(
    resource_type: str,
    found: SearchParameter,
    modifier: str,
    rest: str,
    scope: Scope,
    inner: Callable[[str], Node],
) -> Node:
    """`inner`: what `rest` asks of a target of a type; UnknownParameter where that type has no such parameter."""
    if found.type != "reference":
        raise BadRequest(f"{found.code} is no reference: nothing can be chained to it ({found.code}.{rest}).")
    if modifier and modifier not in get_catalogue().resource_type_set:
        raise unknown_modifier(found, modifier)
    nodes: list[Node] = []
    fault: FhirError | None = None
    for one in readings(resource_type, found.code):
        if one.target not in ("", modifier or one.target):
            continue
        param = param_code(resource_type, one.code)
        within: list[tuple[str, Node]] = []
        for target in _target_types(found, modifier or one.target):
            try:
                asked = inner(target)
            except UnknownParameter as error:
                fault = error
                continue
            scope.branch()
            nodes.append(Chain(param, _on_type(target, asked, scope)))
            within += _within(target, asked)
        nodes += [Chain(param, node) for node in _held(within)]
    if not nodes:
        raise fault or UnknownParameter(f"{found.code}.{rest} leads to no type that has this parameter.")
    return any_of(nodes)


def has(resource_type: str, name: str, scope: Scope, inner: Callable[[str, str], Node]) -> Node:
    """`_has:Type:reference:parameter`; `inner`: what the parameter asks of that type."""
    parts = name.split(":", 3)
    if len(parts) != 4 or not all(parts):
        raise BadRequest(f"{name} is not of the form _has:Type:reference:parameter.")
    _, source, code, rest = parts
    if source not in get_catalogue().resource_type_set:
        raise BadRequest(f"{name}: {source} is not a resource type.")
    found = known(source, code, scope)
    if found.type != "reference":
        raise BadRequest(f"{name}: {code} is no reference of {source}.")
    asked = _on_type(source, inner(source, rest), scope)
    params = [
        param_code(source, one.code)
        for one in readings(source, code)
        # `patient` reads the subjects, and refers to nothing but patients.
        if one.target in ("", resource_type)
    ]
    return any_of([ReferredBy(param, asked) for param in params]) if params else NOTHING


def _target_types(found: SearchParameter, only: str) -> tuple[str, ...]:
    names = get_catalogue().resource_type_set
    if only:
        return (only,) if only in names else ()
    return tuple(name for name in (found.targets or sorted(names)) if name in names)


def _within(target: str, asked: Node) -> list[tuple[str, Node]]:
    """The same, asked of a contained target; it counts as the resource that refers to it, so no grant is asked again."""
    try:
        return [(target, of_contained(asked))]
    except NotOfContained:
        return []


def _held(within: list[tuple[str, Node]]) -> list[Node]:
    """One branch for each type; for many types one for all, so that a reference to anything does not ask twice as much."""
    if len(within) <= MAX_SINGLE:
        return [And((contained_of_type(name), node)) for name, node in within]
    each = tuple(And((contained_of_type(name), node)) for name, node in within)
    return [And((contained_of_type(*(name for name, _ in within)), Or(each)))]


def _on_type(resource_type: str, node: Node, scope: Scope) -> Node:
    return And((of_type(resource_type), node, scope(resource_type)))
