"""Search parameters of R4 that this server does not search, each with the reason. The CapabilityStatement leaves them out."""

from fhirserver.indexing.definitions import composed_types
from fhirspec.definitions import SearchParameter
from fhirspec.searchparams import unsupported_reason

NOT_OF_CONTAINED = {
    "_text": "the words of a contained resource are indexed with the one that holds it",
    "_content": "the words of a contained resource are indexed with the one that holds it",
    "_list": "a List refers to resources that stand by themselves",
    "_type": "one type of contained resources can be searched for at a time",
}
"""Criteria that say nothing of contained resources: with `_contained=true` or `both` they are refused."""

WITHOUT_CONTAINED = {
    "_sort": "matches within other resources come newest holder first; of holders, _id and _lastUpdated can be sorted by",
    "_include": "with _containedType=contained nothing can join: ask for the container",
    "_revinclude": "with _containedType=contained nothing can join: ask for the container",
}
"""What shapes an answer and cannot be had together with contained matches."""

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
