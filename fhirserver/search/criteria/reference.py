"""Reference parameters: by address, by id, by identifier, by the text that goes with them. https://hl7.org/fhir/R4/search.html#reference"""

from fhirserver.indexing.definitions import Reading, readings
from fhirserver.indexing.keys import present_key, value_key
from fhirserver.indexing.params import reference as variants
from fhirserver.indexing.params.string import folded
from fhirserver.indexing.params.token import text_param
from fhirserver.outcomes import BadRequest
from fhirserver.rows import param_code
from fhirserver.search.ast import NOTHING, And, Node, Posting, Target, Text
from fhirserver.search.criteria.token import token_variant
from fhirserver.search.parse import split, unescaped
from fhirserver.search.scope import Scope
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import SearchParameter
from fhirspec.hashing import hash64
from fhirspec.searchparams.compile import reference_type


def require_one_target(resource_type: str, found: SearchParameter, value: str, scope: Scope) -> None:
    """ "Servers SHOULD reject a search where the logical id refers to more than one matching resource across different types." Raises
    BadRequest."""
    text = unescaped(value)
    if "/" in text or ":" in text or len(found.targets) == 1:
        return
    targets = [hash64(f"{kind}/{text}") for kind in found.targets or get_catalogue().resource_types]
    for one in readings(resource_type, found.code):
        if not one.target and scope.is_ambiguous(resource_type, param_code(resource_type, one.code), targets):
            raise BadRequest(
                f"{found.code}={value} stands for resources of several types: name the type, for instance {found.code}=Patient/{value}."
            )


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
        named = Text((text_param(resource_type, code),), folded(text))
        of_target = Posting((present_key(resource_type, code, reading.target),), 80)
        return And((named, of_target)) if reading.target else named
    only = modifier or reading.target
    if reading.target not in ("", only):
        return NOTHING
    if "/" in text or ":" in text:
        pointer = variants.pointer_of(text)
        if pointer is None or (only and reference_type({"reference": text}) not in ("", only)):
            return NOTHING
        return Target(param, (pointer.target,))
    if only:
        return Target(param, (hash64(f"{only}/{text}"),))
    if len(found.targets) == 1:
        return Target(param, (hash64(f"{found.targets[0]}/{text}"),))
    return Posting((value_key(resource_type, code, variants.by_id(text)),), 10)
