"""URI parameters: whole addresses, `:below`, `:above`, and `url|version` of what has both. https://hl7.org/fhir/R4/search.html#uri"""

from fhirserver.indexing.definitions import Reading, parameter, readings
from fhirserver.indexing.keys import value_key
from fhirserver.indexing.params import token
from fhirserver.indexing.params import uri as variants
from fhirserver.indexing.params.reference import names_below
from fhirserver.indexing.params.string import MAX_LENGTH
from fhirserver.outcomes import BadRequest
from fhirserver.rows import param_code
from fhirserver.search.ast import And, Node, Or, Posting, Text
from fhirserver.search.parse import split, unescaped
from fhirspec.definitions import SearchParameter


def uri(resource_type: str, found: SearchParameter, reading: Reading, modifier: str, value: str) -> Node:
    code, version = reading.code, ""
    if value.casefold().startswith("urn:"):
        # It has no path: nothing else lies above or below it.
        modifier = ""
    if found.code == "url" and not modifier and parameter(resource_type, "version"):
        value, version = _with_version(value)
    address = unescaped(value)
    if modifier == "below" and "|" in address:
        # A canonical address: its versions that begin so.
        versions = Text((param_code(resource_type, code),), names_below(address)[-1][:MAX_LENGTH])
        return Or((Posting((value_key(resource_type, code, variants.whole(address)),), 15), versions))
    if modifier == "below":
        return Text((param_code(resource_type, code),), address[:MAX_LENGTH])
    names = [address]
    if modifier == "above":
        steps = address.split("/")
        names += ["/".join(steps[:end]) + tail for end in range(3, len(steps)) for tail in ("", "/")]
    keys = tuple(value_key(resource_type, code, variants.whole(name)) for name in dict.fromkeys(names))
    found_by = Posting(keys, 70 if code.startswith("_") else 15)
    return And((found_by, _versioned(resource_type, version))) if version else found_by


def _with_version(value: str) -> tuple[str, str]:
    """A canonical address and the version that may follow it; a resource has them in two elements."""
    address, *versions = split(value, "|")
    if len(versions) > 1:
        raise BadRequest(f"url={value} is not of the form url or url|version.")
    return address, unescaped("".join(versions))


def _versioned(resource_type: str, version: str) -> Node:
    variant = token.by_code(version)
    return Posting(
        tuple(value_key(resource_type, one.code, variant) for one in readings(resource_type, "version"))
    )
