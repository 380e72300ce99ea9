"""What of R4's search this server does not do, each with the reason. The CapabilityStatement leaves parameters out that are not searched, and
names what cannot be had together; the explorer shows both."""

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

NOT_WITH_SUMMARY_TEXT = {
    "_include": "R4 rules it out: a narrative alone does not tell what it refers to",
    "_revinclude": "R4 rules it out: a narrative alone does not tell what it refers to",
}

_BY_CODE = {
    "_query": "There are no named queries.",
}


def combinations() -> dict[str, str]:
    """What is searched alone, and refused together, each with the reason."""
    with_contained = {
        f"_contained with {name}": why for name, why in {**NOT_OF_CONTAINED, **WITHOUT_CONTAINED}.items()
    }
    with_summary = {f"_summary=text with {name}": why for name, why in NOT_WITH_SUMMARY_TEXT.items()}
    return {**with_contained, **with_summary}


def reason(parameter: SearchParameter) -> str:
    """Why a parameter cannot be searched; empty when it can."""
    if parameter.code in _BY_CODE:
        return _BY_CODE[parameter.code]
    if parameter.type == "composite" and not composed_types(parameter, parameter.base):
        return "Only composites of two components, or of one and two numbers, are searched."
    return unsupported_reason(parameter)
