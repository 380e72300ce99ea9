"""String parameters: folded beginnings, `:contains`, `:exact`, and `:text` for all words in any order. https://hl7.org/fhir/R4/search.html#string"""

from fhirserver.indexing.definitions import Reading
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
from fhirserver.search.ast import NOTHING, And, Node, Or, Text
from fhirserver.search.parse import unescaped
from fhirspec.definitions import SearchParameter


def string(resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str) -> Node:
    text = unescaped(value)
    if modifier == "exact":
        return Text(param_code(resource_type, reading.code), marked(text), exact=True)
    if modifier == "text":
        words = [_anywhere(resource_type, reading.code, folded(word)) for word in text.split()]
        return And(tuple(words)) if words else NOTHING
    find = containing if modifier == "contains" else beginning
    return find(resource_type, reading.code, text)


def beginning(resource_type: str, code: str, text: str) -> Node:
    """Texts, and parts of family names, that begin so."""
    whole = folded_to_end(text)
    start = Text(param_code(resource_type, code), whole[:MAX_LENGTH])
    if len(whole) <= MAX_LENGTH:
        return start
    return And((start, *(Text(behind(resource_type, code), piece) for piece in pieces(whole))))


def containing(resource_type: str, code: str, text: str) -> Node:
    whole = folded_to_end(text)
    if len(whole) <= STRIDE:
        return _anywhere(resource_type, code, whole)
    # No piece is sure to hold more at once.
    steps = range(0, len(whole), STRIDE)
    return And(tuple(_anywhere(resource_type, code, whole[at : at + STRIDE]) for at in steps))


def _anywhere(resource_type: str, code: str, text: str) -> Node:
    params = param_code(resource_type, code), behind(resource_type, code)
    return Or(tuple(Text(param, text, contains=True) for param in params))
