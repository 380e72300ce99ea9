"""Search parameters of R4 that this server does not search, each with the reason. The CapabilityStatement leaves them out."""

from fhirserver.indexing.definitions import composed_types
from fhirspec.definitions import SearchParameter
from fhirspec.searchparams import unsupported_reason

UNSUPPORTED_CONTROLS = {
    "_contained": "Contained resources have no index rows of their own: they are found through the resource that holds them.",
    "_query": "There are no named queries.",
}
"""Of the parameters that shape a search, those of which this server takes the default only, or none; chains end at contained resources."""

_BY_CODE = {
    "_query": "There are no named queries.",
}


def reason(parameter: SearchParameter) -> str:
    """Why a parameter cannot be searched; empty when it can."""
    if parameter.code in _BY_CODE:
        return _BY_CODE[parameter.code]
    if parameter.type == "composite" and not composed_types(parameter, parameter.base):
        return "Only composites of two components, or of one and two numbers, are searched."
    return unsupported_reason(parameter)
