"""From one parameter of a query to a condition. Errors name the parameter and the fault.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from fhirserver.indexing.definitions import (
    Reading,
    component_codes,
    element_type,
    implied_systems,
    nested,
    parameter,
    readings,
)
from fhirserver.indexing.keys import (
    NUMBER,
    present_key,
    tuple_hash,
    tuple_key,
    tuple_param,
    tuple_unit,
    unit_key,
    value_key,
)
from fhirserver.indexing.params import reference, special, token, uri
from fhirserver.indexing.params.string import MAX_LENGTH, folded
from fhirserver.indexing.ucum import UCUM, canonical
from fhirserver.instants import instant_range
from fhirserver.outcomes import BadRequest, FhirError, LimitExceeded
from fhirserver.rows import param_code
from fhirserver.search.ast import (
    NOTHING,
    Amount,
    And,
    Chain,
    HasRow,
    MemberOf,
    Node,
    Not,
    Or,
    Posting,
    ReferredBy,
    Rids,
    Span,
    Target,
    Text,
    Updated,
    any_of,
)
from fhirserver.search.limits import MAX_CHAIN
from fhirserver.search.parse import split, unescaped, values_of
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import SearchParameter
from fhirspec.hashing import hash64

_PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
_TABLES = {
    "string": "fhir_string",
    "date": "fhir_date",
    "number": "fhir_quantity",
    "quantity": "fhir_quantity",
    "uri": "fhir_string",
}
_FLAGS = ("code", "boolean")
Confine = Callable[[str], Node]
"""What the caller's grant adds to a condition on another type."""


class UnknownParameter(FhirError):
    """A parameter that the type does not have, or that this server cannot search."""

    status = 400
    code = "not-supported"


def condition(resource_type: str, name: str, text: str, confine: Confine, depth: int = 0) -> Node:
    """Raises BadRequest, LimitExceeded, UnknownParameter."""
    if depth > MAX_CHAIN:
        raise LimitExceeded(f"{name}: chains may have {MAX_CHAIN} steps (MAX_CHAIN).")
    if name.startswith("_has:"):
        return _has(resource_type, name, text, confine, depth)
    head, dot, rest = name.partition(".")
    code, _, modifier = head.partition(":")
    found = _known(resource_type, code)
    if dot:
        return _chain(resource_type, found, modifier, rest, text, confine, depth)
    if modifier == "missing":
        return _missing(resource_type, found, text)
    alternatives = [_value(resource_type, found, modifier, value) for value in values_of(name, text)]
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


def _known(resource_type: str, code: str) -> SearchParameter:
    found = parameter(resource_type, code)
    if code == "_list":
        return SearchParameter("_list", "special", "", resource_type)
    if found is None or code in ("_text", "_content", "_filter", "_query") or found.type == "special":
        raise UnknownParameter(
            f"{code} is not a search parameter that this server knows for {resource_type}."
        )
    return found


def _value(resource_type: str, found: SearchParameter, modifier: str, value: str) -> Node:
    if found.code == "_id":
        return Rids((hash64(f"{resource_type}/{unescaped(value)}"),))
    if found.code == "_lastUpdated":
        prefix, (low, high) = _date("_lastUpdated", value)
        return Updated(prefix, low, high)
    if found.code == "_list":
        return MemberOf(special.LIST_MEMBERS, hash64(f"List/{unescaped(value)}"))
    if found.type == "composite":
        return _composite(resource_type, found, modifier, value)
    make = _BY_TYPE[found.type]
    return any_of(
        [make(resource_type, found, one, modifier, value) for one in readings(resource_type, found.code)]
    )


def _unknown_modifier(code: str, modifier: str) -> BadRequest:
    return BadRequest(f"{code}: the modifier :{modifier} is not possible here.")


def _string(resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str) -> Node:
    text = unescaped(value)
    if modifier == "exact":
        return Posting((value_key(resource_type, reading.code, ("exact", text)),), 15)
    if modifier not in ("", "contains"):
        raise _unknown_modifier(found.code, modifier)
    return Text(param_code(resource_type, reading.code), folded(text), modifier == "contains")


def _token(resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str) -> Node:
    code = reading.code
    if modifier == "text":
        return Text(token.text_param(resource_type, code), folded(unescaped(value)))
    parts = [unescaped(part) for part in split(value, "|")]
    if modifier == "of-type":
        if len(parts) != 3 or not all(parts):
            raise BadRequest(f"{found.code}:of-type={value} is not of the form system|code|value.")
        return Posting((value_key(resource_type, code, token.by_type(*parts)),), 5)
    if modifier not in ("", "not"):
        raise _unknown_modifier(found.code, modifier)
    variant = _token_variant(resource_type, code, found.code, parts, value)
    if variant is None:
        return NOTHING
    weight = 60 if element_type(resource_type, code) in _FLAGS else 5 if code == "identifier" else 35
    return Posting((value_key(resource_type, code, variant),), 70 if code.startswith("_") else weight)


def _token_variant(
    resource_type: str, code: str, name: str, parts: list[str], value: str
) -> tuple[str, ...] | None:
    if len(parts) == 1:
        return token.by_code(parts[0])
    if len(parts) > 2 or not any(parts):
        raise BadRequest(f"{name}={value} is not of the form code, system|code, |code or system|.")
    system, text = parts
    if system and element_type(resource_type, code) == "code":
        systems = implied_systems(resource_type, code)
        if systems and system not in systems:
            return None
        return token.by_code(text) if text else ("present", "")
    if not text:
        return token.by_system(system)
    return token.by_system_and_code(system, text) if system else token.without_system(text)


def _prefixed(value: str) -> tuple[str, str]:
    return (value[:2], value[2:]) if value[:2] in _PREFIXES else ("eq", value)


def _date(name: str, value: str) -> tuple[str, tuple[int, int]]:
    prefix, text = _prefixed(value)
    return prefix, instant_range(name, text)


def _span(param: int, name: str, value: str) -> Node:
    prefix, (low, high) = _date(name, value)
    if prefix == "ap":
        now = int(datetime.now(UTC).timestamp() * 1_000_000)
        slack = abs(now - low) // 10
        low, high = low - slack, high + slack
    return Span(param, prefix, low, high)


def _date_node(
    resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str
) -> Node:
    if modifier:
        raise _unknown_modifier(found.code, modifier)
    return _span(param_code(resource_type, reading.code), found.code, value)


def _number(name: str, value: str) -> tuple[str, float, float, float]:
    """Prefix, value, and the value with its implicit precision."""
    prefix, text = _prefixed(value)
    try:
        number = Decimal(text)
        exponent = number.as_tuple().exponent
    except InvalidOperation:
        raise BadRequest(f"{name}={value} is not a number.") from None
    if not isinstance(exponent, int) or abs(exponent) > 300:
        raise BadRequest(f"{name}={value} is not a number.")
    half = Decimal(1).scaleb(exponent) / 2
    if prefix == "ap":
        half = abs(number) / 10
    return prefix, float(number), float(number - half), float(number + half)


def _number_node(
    resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str
) -> Node:
    if modifier:
        raise _unknown_modifier(found.code, modifier)
    return Amount(param_code(resource_type, reading.code), NUMBER, *_number(found.code, value))


def _quantity(
    resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str
) -> Node:
    if modifier:
        raise _unknown_modifier(found.code, modifier)
    unit, numbers = _amount(found.code, value)
    return Amount(param_code(resource_type, reading.code), unit, *numbers)


def _amount(name: str, value: str) -> tuple[int, tuple[str, float, float, float]]:
    parts = [unescaped(part) for part in split(value, "|")]
    if len(parts) not in (1, 2, 3):
        raise BadRequest(f"{name}={value} is not of the form number|system|code.")
    numbers = _number(name, parts[0])
    system, code = (*parts[1:], "", "")[:2]
    if not system:
        return (unit_key("code", code) if code else NUMBER), numbers
    if not code:
        return unit_key("system", system), numbers
    base = canonical(code) if system == UCUM else None
    if base is None:
        return unit_key("system|code", system, code), numbers
    prefix = numbers[0]
    exact, low, high = (float(Decimal(repr(number)) * base.factor) for number in numbers[1:])
    return unit_key("ucum", base.unit), (prefix, exact, low, high)


def _uri(resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str) -> Node:
    address = unescaped(value)
    code = reading.code
    if modifier == "below":
        return Text(param_code(resource_type, code), address[:MAX_LENGTH])
    names = [address]
    if modifier == "above":
        steps = address.split("/")
        names += ["/".join(steps[:end]) + tail for end in range(3, len(steps)) for tail in ("", "/")]
    elif modifier:
        raise _unknown_modifier(found.code, modifier)
    keys = tuple(value_key(resource_type, code, uri.whole(name)) for name in dict.fromkeys(names))
    return Posting(keys, 70 if code.startswith("_") else 15)


def _reference(
    resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str
) -> Node:
    text = unescaped(value)
    code, param = reading.code, param_code(resource_type, reading.code)
    if modifier == "identifier":
        variant = _token_variant(
            resource_type, "", found.code, [unescaped(part) for part in split(value, "|")], value
        )
        return Posting((value_key(resource_type, code, reference.by_identifier(variant or ())),), 10)
    targets = get_catalogue().resource_type_set
    if modifier and modifier not in targets:
        raise _unknown_modifier(found.code, modifier)
    only = modifier or reading.target
    if "/" in text or ":" in text:
        pointer = reference.pointer_of(text)
        if pointer is None or (only and pointer.type and pointer.type != only):
            return NOTHING
        return Target(param, (pointer.target,))
    if only:
        return Target(param, (hash64(f"{only}/{text}"),))
    if len(found.targets) == 1:
        return Target(param, (hash64(f"{found.targets[0]}/{text}"),))
    return Posting((value_key(resource_type, code, reference.by_id(text)),), 10)


_BY_TYPE: dict[str, Callable[[str, SearchParameter, Reading, str, str], Node]] = {
    "string": _string,
    "token": _token,
    "date": _date_node,
    "number": _number_node,
    "quantity": _quantity,
    "uri": _uri,
    "reference": _reference,
}


def _composite(resource_type: str, found: SearchParameter, modifier: str, value: str) -> Node:
    if modifier:
        raise _unknown_modifier(found.code, modifier)
    kinds = component_codes(found, resource_type)
    parts = split(value, "$")
    if len(kinds) != 2:
        raise UnknownParameter(f"{found.code}: this server searches composites of two components only.")
    if len(parts) != 2 or not all(parts):
        raise BadRequest(f"{found.code}={value} is not of the form value$value.")
    nodes: list[Node] = []
    inner = nested(found)
    if inner is None or inner.expression != found.expression:
        # The resource itself: what the components of its first level say.
        nodes.append(
            And(tuple(_plain(resource_type, one, part) for one, part in zip(kinds, parts, strict=True)))
        )
    if inner is not None:
        words = [unescaped(part) for part in split(parts[0], "|")]
        variant = _token_variant(resource_type, kinds[0].code, found.code, words, parts[0])
        if variant is not None:
            nodes.append(
                _second(tuple_hash(resource_type, found.code, variant), kinds[1], found.code, parts[1])
            )
    return any_of(nodes) if nodes else NOTHING


def _plain(resource_type: str, component: SearchParameter, value: str) -> Node:
    """A component as an ordinary condition, on the first level of the resource only."""
    code = component.code.removeprefix("combo-")
    own = get_catalogue().search_parameters(resource_type).get(code, component)
    return _value(resource_type, own, "", value)


def _second(first: int, kind: SearchParameter, name: str, value: str) -> Node:
    if kind.type == "quantity":
        unit, numbers = _amount(name, value)
        return Amount(tuple_param(first), tuple_unit(first, unit), *numbers)
    if kind.type == "date":
        return _span(tuple_param(first), name, value)
    if kind.type == "string":
        return Text(tuple_param(first), folded(unescaped(value)))
    if kind.type == "reference":
        pointer = reference.pointer_of(unescaped(value))
        return Posting((tuple_key(first, ("target", str(pointer.target))),)) if pointer else NOTHING
    words = [unescaped(part) for part in split(value, "|")]
    variant = _token_variant(kind.base, "", name, words, value) if len(words) <= 2 else None
    return Posting((tuple_key(first, variant),)) if variant else NOTHING


def _missing(resource_type: str, found: SearchParameter, text: str) -> Node:
    if text not in ("true", "false"):
        raise BadRequest(f"{found.code}:missing={text} is neither true nor false.")
    if found.type in ("composite", "special") or found.code in ("_id", "_lastUpdated"):
        raise BadRequest(f"{found.code}: the modifier :missing is not possible here.")
    nodes: list[Node] = []
    for one in readings(resource_type, found.code):
        if found.type in _TABLES:
            nodes.append(HasRow(_TABLES[found.type], param_code(resource_type, one.code)))
        else:
            nodes.append(Posting((present_key(resource_type, one.code, one.target),), 80))
    present = any_of(nodes)
    return Not(present) if text == "true" else present


def _target_types(found: SearchParameter, only: str) -> tuple[str, ...]:
    names = get_catalogue().resource_type_set
    if only:
        return (only,) if only in names else ()
    return tuple(name for name in (found.targets or sorted(names)) if name in names)


def _chain(
    resource_type: str,
    found: SearchParameter,
    modifier: str,
    rest: str,
    text: str,
    confine: Confine,
    depth: int,
) -> Node:
    if found.type != "reference":
        raise BadRequest(f"{found.code} is no reference: nothing can be chained to it ({found.code}.{rest}).")
    if modifier and modifier not in get_catalogue().resource_type_set:
        raise _unknown_modifier(found.code, modifier)
    nodes: list[Node] = []
    fault: FhirError | None = None
    for one in readings(resource_type, found.code):
        for target in _target_types(found, modifier or one.target):
            try:
                inner = condition(target, rest, text, confine, depth + 1)
            except UnknownParameter as error:
                fault = error
                continue
            nodes.append(Chain(param_code(resource_type, one.code), _on_type(target, inner, confine)))
    if not nodes:
        raise fault or UnknownParameter(f"{found.code}.{rest} leads to no type that has this parameter.")
    return any_of(nodes)


def _on_type(resource_type: str, node: Node, confine: Confine) -> Node:
    from fhirserver.search.rewrite import of_type

    return And((of_type(resource_type), node, confine(resource_type)))


def _has(resource_type: str, name: str, text: str, confine: Confine, depth: int) -> Node:
    parts = name.split(":", 3)
    if len(parts) != 4 or not all(parts):
        raise BadRequest(f"{name} is not of the form _has:Type:reference:parameter.")
    _, source, code, rest = parts
    if source not in get_catalogue().resource_type_set:
        raise BadRequest(f"{name}: {source} is not a resource type.")
    found = _known(source, code)
    if found.type != "reference":
        raise BadRequest(f"{name}: {code} is no reference of {source}.")
    inner = _on_type(source, condition(source, rest, text, confine, depth + 1), confine)
    return any_of([ReferredBy(param_code(source, one.code), inner) for one in readings(source, code)])


__all__ = ["Confine", "Or", "UnknownParameter", "condition"]
