"""String parameters: folded beginnings, `:contains`, `:exact`, and `:text` for all words in any order. https://hl7.org/fhir/R4/search.html#string"""

from collections.abc import Sequence

from fhirserver.indexing.definitions import readings
from fhirserver.indexing.params.string import (
    MAX_LENGTH,
    STRIDE,
    behind,
    folded,
    folded_to_end,
    marked,
    pieces,
)
from fhirserver.rows import param_code
from fhirserver.search.ast import NOTHING, And, Node, Text, any_of
from fhirserver.search.parse import unescaped
from fhirspec.definitions import SearchParameter


def string(resource_type: str, found: SearchParameter, modifier: str, value: str) -> Node:
    codes = [one.code for one in readings(resource_type, found.code)]
    text = unescaped(value)
    match modifier:
        case "exact":
            return Text(_params(resource_type, codes), marked(text), exact=True)
        case "text":
            words = [_anywhere(resource_type, codes, folded(word)) for word in text.split()]
            return And(tuple(words)) if words else NOTHING
        case "contains":
            return containing(resource_type, codes, text)
    return beginning(resource_type, codes, text)


def beginning(resource_type: str, codes: Sequence[str], text: str) -> Node:
    """Texts, and parts of family names, that begin so."""
    short = folded(text)
    if len(short) < MAX_LENGTH:
        return Text(_params(resource_type, codes), short)
    rest = pieces(folded_to_end(text))
    return any_of([_long(resource_type, code, short, rest) for code in codes])


def _long(resource_type: str, code: str, short: str, rest: Sequence[str]) -> Node:
    start = Text(_params(resource_type, [code]), short)
    return And((start, *(Text((behind(resource_type, code),), piece) for piece in rest)))


def containing(resource_type: str, codes: Sequence[str], text: str) -> Node:
    whole = folded_to_end(text)
    if len(whole) <= STRIDE:
        return _anywhere(resource_type, codes, whole)
    # No piece is sure to hold more at once.
    parts = [whole[at : at + STRIDE] for at in range(0, len(whole), STRIDE)]
    return any_of([And(tuple(_anywhere(resource_type, [code], part) for part in parts)) for code in codes])


def _anywhere(resource_type: str, codes: Sequence[str], text: str) -> Node:
    rest = [behind(resource_type, code) for code in codes]
    return Text((*_params(resource_type, codes), *rest), text, contains=True)


def _params(resource_type: str, codes: Sequence[str]) -> tuple[int, ...]:
    return tuple(param_code(resource_type, code) for code in codes)
