"""Reference parameters: by address, by id, by identifier, by the text that goes with them. https://hl7.org/fhir/R4/search.html#reference"""

from fhirserver.indexing.definitions import Reading
from fhirserver.indexing.keys import present_key, value_key
from fhirserver.indexing.params import reference as variants
from fhirserver.indexing.params.string import folded
from fhirserver.indexing.params.token import text_param
from fhirserver.rows import param_code
from fhirserver.search.ast import NOTHING, And, Node, Posting, Target, Text
from fhirserver.search.criteria.token import token_variant
from fhirserver.search.parse import split, unescaped
from fhirspec.definitions import SearchParameter
from fhirspec.hashing import hash64


def reference(
    resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str
) -> Node:
    text = unescaped(value)
    code, param = reading.code, param_code(resource_type, reading.code)
    if modifier == "identifier":
        variant = token_variant(
            resource_type, "", found.code, [unescaped(part) for part in split(value, "|")], value
        )
        return Posting((value_key(resource_type, code, variants.by_identifier(variant or ())),), 10)
    if modifier == "text":
        named = Text(text_param(resource_type, code), folded(text))
        of_target = Posting((present_key(resource_type, code, reading.target),), 80)
        return And((named, of_target)) if reading.target else named
    only = modifier or reading.target
    if "/" in text or ":" in text:
        pointer = variants.pointer_of(text)
        if pointer is None or (only and pointer.type and pointer.type != only):
            return NOTHING
        return Target(param, (pointer.target,))
    if only:
        return Target(param, (hash64(f"{only}/{text}"),))
    if len(found.targets) == 1:
        return Target(param, (hash64(f"{found.targets[0]}/{text}"),))
    return Posting((value_key(resource_type, code, variants.by_id(text)),), 10)
