"""String parameters: folded beginnings, `:contains`, `:exact`, and `:text` for all words in any order. https://hl7.org/fhir/R4/search.html#string"""

from fhirserver.indexing.definitions import Reading
from fhirserver.indexing.params.string import folded, marked
from fhirserver.rows import param_code
from fhirserver.search.ast import NOTHING, And, Node, Text
from fhirserver.search.parse import unescaped
from fhirspec.definitions import SearchParameter


def string(resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str) -> Node:
    text = unescaped(value)
    if modifier == "exact":
        return Text(param_code(resource_type, reading.code), marked(text), exact=True)
    if modifier == "text":
        words = [Text(param_code(resource_type, reading.code), word, True) for word in folded(text).split()]
        return And(tuple(words)) if words else NOTHING
    return Text(param_code(resource_type, reading.code), folded(text), modifier == "contains")
