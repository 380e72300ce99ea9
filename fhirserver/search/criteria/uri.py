"""URI parameters: whole addresses, `:below`, `:above`. https://hl7.org/fhir/R4/search.html#uri"""

from fhirserver.indexing.definitions import Reading
from fhirserver.indexing.keys import value_key
from fhirserver.indexing.params import uri as variants
from fhirserver.indexing.params.string import MAX_LENGTH
from fhirserver.rows import param_code
from fhirserver.search.ast import Node, Posting, Text
from fhirserver.search.parse import unescaped
from fhirspec.definitions import SearchParameter


def uri(resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str) -> Node:
    address = unescaped(value)
    code = reading.code
    if modifier == "below":
        return Text(param_code(resource_type, code), address[:MAX_LENGTH])
    names = [address]
    if modifier == "above":
        steps = address.split("/")
        names += ["/".join(steps[:end]) + tail for end in range(3, len(steps)) for tail in ("", "/")]
    keys = tuple(value_key(resource_type, code, variants.whole(name)) for name in dict.fromkeys(names))
    return Posting(keys, 70 if code.startswith("_") else 15)
