"""From one parameter of a query to a condition. Errors name the parameter and the fault.

https://hl7.org/fhir/R4/search.html
"""

from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.search.ast import Node, Not, Posting, any_of
from fhirserver.search.criteria.chain import chain, has
from fhirserver.search.criteria.faults import unknown_modifier
from fhirserver.search.criteria.filter import filtered
from fhirserver.search.criteria.full_text import COLUMNS, full_text
from fhirserver.search.criteria.known import known
from fhirserver.search.criteria.missing import missing
from fhirserver.search.criteria.one_value import one_value
from fhirserver.search.limits import MAX_CHAIN
from fhirserver.search.parse import values_of
from fhirserver.search.scope import Scope
from fhirspec.searchparams.behaviour import takes


def condition(resource_type: str, name: str, text: str, scope: Scope, depth: int = 0) -> Node:
    """Raises BadRequest, LimitExceeded, UnknownParameter."""
    if depth > MAX_CHAIN:
        raise LimitExceeded(f"{name}: chains may have {MAX_CHAIN} steps (MAX_CHAIN).")
    if name.startswith("_has:"):
        return has(
            resource_type, name, scope, lambda source, rest: condition(source, rest, text, scope, depth + 1)
        )
    if name == "_filter":
        return filtered(resource_type, text, scope, depth)
    head, dot, rest = name.partition(".")
    code, _, modifier = head.partition(":")
    found = known(resource_type, code, scope)
    if dot:
        return chain(
            resource_type,
            found,
            modifier,
            rest,
            scope,
            lambda target: condition(target, rest, text, scope, depth + 1),
        )
    if modifier and not takes(found, modifier):
        raise unknown_modifier(found, modifier)
    if code in COLUMNS:
        return full_text(resource_type, code, text)
    if modifier == "missing":
        return missing(resource_type, found, text)
    alternatives = [
        one_value(resource_type, found, modifier, value, scope) for value in values_of(name, text)
    ]
    if not alternatives:
        raise BadRequest(f"{name} has no value.")
    if modifier in ("not", "not-in"):
        return Not(any_of(alternatives))
    return _merged(alternatives)


def _merged(nodes: list[Node]) -> Node:
    """Alternatives on postings are one look-up."""
    if len(nodes) > 1 and all(isinstance(node, Posting) for node in nodes):
        keys = [key for node in nodes if isinstance(node, Posting) for key in node.keys]
        return Posting(
            tuple(dict.fromkeys(keys)), max(node.weight for node in nodes if isinstance(node, Posting))
        )
    return any_of(nodes)
