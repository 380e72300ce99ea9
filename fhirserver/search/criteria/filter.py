"""`_filter`: expressions over the same parameters as an ordinary search. https://hl7.org/fhir/R4/search_filter.html

A token, reference or address is `ne` when the resource has some, and none that is equal; texts, dates and numbers are compared one by one.
"""

from dataclasses import replace

from fhirserver.indexing.definitions import component_codes, readings
from fhirserver.indexing.params.string import MARK, folded
from fhirserver.outcomes import BadRequest, FhirError, LimitExceeded
from fhirserver.rows import param_code
from fhirserver.search.ast import And, Node, Not, Or, Span, Stretch, Text, any_of
from fhirserver.search.criteria.chain import chain, has
from fhirserver.search.criteria.composite import composite
from fhirserver.search.criteria.date import dated
from fhirserver.search.criteria.faults import UnknownParameter
from fhirserver.search.criteria.full_text import COLUMNS, full_text
from fhirserver.search.criteria.known import known
from fhirserver.search.criteria.missing import missing
from fhirserver.search.criteria.one_value import one_value
from fhirserver.search.criteria.string import beginning, containing
from fhirserver.search.filter_syntax import (
    Comparison,
    Every,
    Filter,
    Some,
    Step,
    Without,
    fault,
    parse_filter,
)
from fhirserver.search.limits import MAX_CHAIN
from fhirserver.search.scope import Scope
from fhirspec.definitions import SearchParameter
from fhirspec.searchparams.behaviour import ORDERED, operators_of

_MODIFIERS = {"in": "in", "ni": "not-in", "ss": "below", "sb": "above", "sw": "below"}
_PREFIXED = ("number", "date", "quantity")
# The first text after all that read the same, however they were written.
_BEHIND = chr(ord(MARK) + 1)


def filtered(resource_type: str, text: str, scope: Scope, depth: int = 0) -> Node:
    """Raises BadRequest with the place of the fault, LimitExceeded; within a chain UnknownParameter."""
    try:
        return _node(resource_type, parse_filter(text), scope, depth)
    except UnknownParameter as error:
        # Ignoring what it asks would find more than was asked for; a chain tries its other types.
        raise error if depth else BadRequest(error.diagnostics) from error


def _node(resource_type: str, asked: Filter, scope: Scope, depth: int) -> Node:
    match asked:
        case Every(parts):
            return And(tuple(_node(resource_type, one, scope, depth) for one in parts))
        case Some(parts):
            return Or(tuple(_node(resource_type, one, scope, depth) for one in parts))
        case Without(part):
            return Not(_node(resource_type, part, scope, depth))
        case Comparison():
            return _placed(resource_type, asked, scope, depth)


def _placed(resource_type: str, asked: Comparison, scope: Scope, depth: int) -> Node:
    try:
        return _compared(resource_type, asked.path, asked, scope, depth)
    except FhirError as error:
        if error.diagnostics.startswith("_filter: "):
            raise
        named = f"_filter: {error.diagnostics.rstrip('.')}, at character {asked.place}."
        raise replace(error, diagnostics=named) from error


def _compared(
    resource_type: str, path: tuple[Step, ...], asked: Comparison, scope: Scope, depth: int
) -> Node:
    step, rest = path[0], path[1:]
    if depth > MAX_CHAIN:
        raise LimitExceeded(f"Chains may have {MAX_CHAIN} steps (MAX_CHAIN).")
    if step.name.startswith("_has:"):

        def of_source(source: str, code: str) -> Node:
            return _compared(source, (replace(step, name=code), *rest), asked, scope, depth + 1)

        return has(resource_type, step.name, scope, of_source)
    code, _, modifier = step.name.partition(":")
    found = known(resource_type, code, scope)
    if not rest:
        if modifier:
            raise BadRequest(f"{step.name}: operators take the place of modifiers here")
        return _tested(resource_type, found, asked, scope)
    if found.type == "composite":
        return _of_composite(resource_type, found, path, asked)

    def of_target(target: str) -> Node:
        node = _compared(target, rest, asked, scope, depth + 1)
        return And((_node(target, step.kept, scope, depth + 1), node)) if step.kept else node

    return chain(resource_type, found, modifier, ".".join(one.name for one in rest), scope, of_target)


def _tested(resource_type: str, found: SearchParameter, asked: Comparison, scope: Scope) -> Node:
    operator, value = asked.operator, asked.value
    known_here = operators_of(found)
    if operator not in known_here:
        listed = ", ".join(known_here) or "none"
        raise BadRequest(
            f"{found.code} does not take {operator}; a {found.type} parameter takes these: {listed}"
        )
    if not value:
        raise BadRequest(f"{found.code} {operator} has an empty value")
    if found.code in COLUMNS:
        return full_text(resource_type, found.code, value)
    if operator == "pr":
        if value not in ("true", "false"):
            raise BadRequest(f"{found.code} pr takes true or false, not {value}")
        return missing(resource_type, found, "false" if value == "true" else "true")
    if found.type == "string":
        return _of_texts(resource_type, found, operator, value)
    if operator == "po":
        return _overlapping(resource_type, found, value, scope)
    if found.type in _PREFIXED:
        return one_value(resource_type, found, "", f"{operator}{value}", scope)
    node = one_value(resource_type, found, _MODIFIERS.get(operator, ""), value, scope)
    if operator in ("ne", "ni"):
        return Not(node) if found.code == "_id" else And((missing(resource_type, found, "false"), Not(node)))
    return node


def _params(resource_type: str, found: SearchParameter) -> list[int]:
    return [param_code(resource_type, one.code) for one in readings(resource_type, found.code)]


def _of_texts(resource_type: str, found: SearchParameter, operator: str, value: str) -> Node:
    if operator in ("sw", "co"):
        codes = [one.code for one in readings(resource_type, found.code)]
        return (beginning if operator == "sw" else containing)(resource_type, codes, value)
    return any_of([_text(param, operator, folded(value)) for param in _params(resource_type, found)])


def _text(param: int, operator: str, text: str) -> Node:
    """Texts are compared folded: `eq` means all of it, without case, accents and punctuation."""
    behind = f"{text}{_BEHIND}"
    match operator:
        case "eq":
            return Stretch(param, text, behind)
        case "ne":
            return Or((Stretch(param, "", text), Stretch(param, behind, "")))
        case "gt":
            return Stretch(param, behind, "")
        case "ge":
            return Stretch(param, text, "")
        case "lt":
            return Stretch(param, "", text)
        case "le":
            return Stretch(param, "", behind)
    return Text((param,), text, ends=True)


def _overlapping(resource_type: str, found: SearchParameter, value: str, scope: Scope) -> Node:
    if found.code == "_lastUpdated":
        return one_value(resource_type, found, "", value, scope)
    _, (low, high) = dated(found.code, f"eq{value}")
    # Approximately, without the allowance that a search makes: that the spans meet.
    return any_of([Span(param, "ap", low, high) for param in _params(resource_type, found)])


def _of_composite(
    resource_type: str, found: SearchParameter, path: tuple[Step, ...], asked: Comparison
) -> Node:
    """`code-value-quantity[code eq 8480-6].value-quantity gt 140`: the components by their names."""
    step, last = path[0], path[-1]
    kinds = component_codes(found, resource_type)
    names = [one.code for one in kinds]
    form = f"{found.code}[{names[0]} eq …].{names[-1]}"
    first = step.kept
    if len(kinds) != 2 or len(path) != 2 or last.kept or last.name != names[1]:
        raise fault(f"a composite is asked as {form}", step.place)
    if not isinstance(first, Comparison) or first.operator != "eq" or [one.name for one in first.path] != names[:1]:  # fmt: skip
        raise fault(f"a composite is asked as {form}", step.place)
    prefixes = ORDERED if kinds[1].type in _PREFIXED else ()
    if asked.operator not in ("eq", *prefixes):
        raise fault(f"{last.name} does not take {asked.operator} within a composite", asked.place)
    parts = [first.value, (asked.operator if prefixes else "") + asked.value]
    return composite(resource_type, found, "$".join(part.replace("$", "\\$") for part in parts))
