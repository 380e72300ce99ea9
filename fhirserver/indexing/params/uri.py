"""uri: the whole address, and as text for what lies below it. https://hl7.org/fhir/R4/search.html#uri"""

from fhirserver.indexing.builder import Builder
from fhirserver.indexing.keys import Variant, value_key
from fhirserver.indexing.params.string import MAX_LENGTH
from fhirserver.rows import StringRow, param_code
from fhirspec.searchparams import Found


def whole(address: str) -> Variant:
    return ("uri", address)


def index(into: Builder, resource_type: str, code: str, found: list[Found]) -> None:
    param = param_code(resource_type, code)
    for kind, value in found:
        if not isinstance(value, str):
            continue
        into.strings.add(StringRow(param, value[:MAX_LENGTH].replace("\x00", " ")))
        # A canonical may carry a version; it is found with and without.
        names = {value, value.partition("|")[0]} if kind == "canonical" else {value}
        into.postings.update([value_key(resource_type, code, whole(name)) for name in names])
