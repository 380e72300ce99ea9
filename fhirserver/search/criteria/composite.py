"""Composite parameters: two values of one place in a resource. https://hl7.org/fhir/R4/search.html#composite"""

from fhirserver.indexing.definitions import component_codes, composed_types, nested
from fhirserver.indexing.keys import NUMBER, Variant, tuple_hash, tuple_key, tuple_param, tuple_unit
from fhirserver.indexing.params import reference
from fhirserver.indexing.params.string import folded
from fhirserver.outcomes import BadRequest
from fhirserver.search.ast import NOTHING, Amount, And, Measure, Node, Pair, Posting, Text, any_of
from fhirserver.search.criteria.by_type import by_type
from fhirserver.search.criteria.date import span
from fhirserver.search.criteria.faults import UnknownParameter
from fhirserver.search.criteria.number import numbered
from fhirserver.search.criteria.quantity import amount
from fhirserver.search.criteria.token import token_variant
from fhirserver.search.parse import split, unescaped
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import SearchParameter


def composite(resource_type: str, found: SearchParameter, value: str) -> Node:
    kinds = component_codes(found, resource_type)
    parts = split(value, "$")
    if not composed_types(found, resource_type):
        raise UnknownParameter(f"{found.code}: this server does not search composites of these components.")
    if len(parts) != len(kinds) or not all(parts):
        form = "$".join(["value"] * len(kinds))
        raise BadRequest(f"{found.code}={value} is not of the form {form}.")
    nodes: list[Node] = []
    inner = nested(found)
    if inner is None or inner.expression != found.expression:
        # The resource itself: what the components of its first level say.
        nodes.append(
            And(tuple(_plain(resource_type, one, part) for one, part in zip(kinds, parts, strict=True)))
        )
    if inner is not None:
        variant = _first(resource_type, kinds[0], found.code, parts[0])
        if variant is not None:
            key = tuple_hash(resource_type, found.code, variant)
            if len(parts) == 2:
                nodes.append(_second(key, kinds[1], found.code, parts[1]))
            else:
                start, end = (Measure(*numbered(found.code, part)) for part in parts[1:])
                nodes.append(Pair(tuple_param(key), tuple_unit(key, NUMBER), start, end))
    return any_of(nodes) if nodes else NOTHING


def _plain(resource_type: str, component: SearchParameter, value: str) -> Node:
    """A component as an ordinary condition, on the first level of the resource only."""
    code = component.code.removeprefix("combo-")
    own = get_catalogue().search_parameters(resource_type).get(code, component)
    return by_type(resource_type, own, "", value)


def _first(resource_type: str, kind: SearchParameter, name: str, value: str) -> Variant | None:
    if kind.type == "reference":
        pointer = reference.pointer_of(unescaped(value))
        return reference.by_target(pointer) if pointer else None
    words = [unescaped(part) for part in split(value, "|")]
    return token_variant(resource_type, kind.code, name, words, value)


def _second(first: int, kind: SearchParameter, name: str, value: str) -> Node:
    if kind.type == "quantity":
        unit, numbers = amount(name, value)
        return Amount(tuple_param(first), tuple_unit(first, unit), *numbers)
    if kind.type == "date":
        return span(tuple_param(first), name, value)
    if kind.type == "string":
        return Text((tuple_param(first),), folded(unescaped(value)))
    if kind.type == "reference":
        pointer = reference.pointer_of(unescaped(value))
        return Posting((tuple_key(first, reference.by_target(pointer)),)) if pointer else NOTHING
    words = [unescaped(part) for part in split(value, "|")]
    variant = token_variant(kind.base, "", name, words, value) if len(words) <= 2 else None
    return Posting((tuple_key(first, variant),)) if variant else NOTHING
