"""Token parameters: codes with and without their system. https://hl7.org/fhir/R4/search.html#token"""

from fhirserver.indexing.definitions import Reading, implied_systems, is_flag, is_question
from fhirserver.indexing.keys import Variant, present_key, value_key
from fhirserver.indexing.params import token as variants
from fhirserver.indexing.params.string import folded
from fhirserver.outcomes import BadRequest
from fhirserver.search.ast import NOTHING, Node, Not, Posting, Text
from fhirserver.search.parse import split, unescaped
from fhirspec.definitions import SearchParameter

_ANY: Variant = ("present", "")


def token(resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str) -> Node:
    code = reading.code
    if modifier == "text":
        return Text((variants.text_param(resource_type, code),), folded(unescaped(value)))
    parts = [unescaped(part).strip() for part in split(value, "|")]
    if modifier == "of-type":
        if len(parts) != 3 or not all(parts):
            raise BadRequest(f"{found.code}:of-type={value} is not of the form system|code|value.")
        return Posting((value_key(resource_type, code, variants.by_type(*parts)),), 5)
    variant = token_variant(resource_type, code, found.code, parts, value)
    if variant is None:
        return NOTHING
    if variant == _ANY:
        return Posting((present_key(resource_type, code),), 80)
    if variant[-1] == "false" and is_question(resource_type, code):
        return Not(Posting((value_key(resource_type, code, (*variant[:-1], "true")),), 60))
    weight = 60 if is_flag(resource_type, code) else 5 if code == "identifier" else 35
    return Posting((variants.key_of(resource_type, code, variant),), 70 if code.startswith("_") else weight)


def token_variant(resource_type: str, code: str, name: str, parts: list[str], value: str) -> Variant | None:
    if len(parts) == 1:
        return variants.by_code(parts[0])
    if len(parts) > 2 or not any(parts):
        raise BadRequest(f"{name}={value} is not of the form code, system|code, |code or system|.")
    system, text = parts
    if system and (is_flag(resource_type, code) or is_question(resource_type, code)):
        systems = implied_systems(resource_type, code)
        if systems and system not in systems:
            return None
        return variants.by_code(text) if text else _ANY
    if not text:
        return variants.by_system(system)
    return variants.variant_of(resource_type, code, system, text)
