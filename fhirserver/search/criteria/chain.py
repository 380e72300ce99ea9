"""Chains (`subject.name`) and `_has`: what is asked of the other end of a reference.

https://hl7.org/fhir/R4/search.html#chaining. The caller's grant holds at every other end.
"""

from collections.abc import Callable

from fhirserver.indexing.definitions import readings
from fhirserver.outcomes import BadRequest, FhirError
from fhirserver.rows import param_code
from fhirserver.search.ast import And, Chain, Node, ReferredBy, any_of, of_type
from fhirserver.search.criteria.faults import UnknownParameter, unknown_modifier
from fhirserver.search.criteria.known import known
from fhirserver.search.scope import Scope
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import SearchParameter


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
        for target in _target_types(found, modifier or one.target):
            try:
                asked = inner(target)
            except UnknownParameter as error:
                fault = error
                continue
            scope.branch()
            nodes.append(Chain(param_code(resource_type, one.code), _on_type(target, asked, scope)))
    if not nodes:
        raise fault or UnknownParameter(f"{found.code}.{rest} leads to no type that has this parameter.")
    return any_of(nodes)


def has(name: str, scope: Scope, inner: Callable[[str, str], Node]) -> Node:
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
    return any_of([ReferredBy(param_code(source, one.code), asked) for one in readings(source, code)])


def _target_types(found: SearchParameter, only: str) -> tuple[str, ...]:
    names = get_catalogue().resource_type_set
    if only:
        return (only,) if only in names else ()
    return tuple(name for name in (found.targets or sorted(names)) if name in names)


def _on_type(resource_type: str, node: Node, scope: Scope) -> Node:
    return And((of_type(resource_type), node, scope(resource_type)))
