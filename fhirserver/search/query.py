"""The text of a query, wherever it stands: in a form, in an entry of a Bundle, in If-None-Exist or a conditional reference."""

from urllib.parse import parse_qsl

from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.search.limits import MAX_CRITERIA, MAX_PARAMETERS, MAX_QUERY_CHARACTERS, MAX_TERMS

_OF_WORDS = ("_filter", "_text", "_content")


def read_query(text: str) -> list[tuple[str, str]]:
    """The decoded parameters, in order. Raises LimitExceeded before anything is made of them, and BadRequest."""
    if len(text) > MAX_QUERY_CHARACTERS:
        raise LimitExceeded(
            f"The query has {len(text):,} characters; {MAX_QUERY_CHARACTERS:,} are allowed (MAX_QUERY_CHARACTERS)."
        )
    parameters = text.count("&") + 1
    if parameters > MAX_PARAMETERS:
        raise LimitExceeded(
            f"The query has {parameters:,} parameters; {MAX_PARAMETERS:,} are allowed (MAX_PARAMETERS)."
        )
    try:
        return parse_qsl(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise BadRequest("The query is not UTF-8.") from None


def require_moderate(criteria: list[tuple[str, str]]) -> None:
    """Raises LimitExceeded for more than a database can plan as one condition."""
    if len(criteria) > MAX_CRITERIA:
        raise LimitExceeded(
            f"The search has {len(criteria)} criteria; {MAX_CRITERIA} are allowed (MAX_CRITERIA)."
            " Alternatives of one parameter can be listed with commas."
        )
    terms = sum(_terms(name, value) for name, value in criteria)
    if terms > MAX_TERMS:
        raise LimitExceeded(
            f"The search has {terms:,} values in all its criteria, each counted for each step of its chain;"
            f" {MAX_TERMS:,} are allowed (MAX_TERMS)."
        )


def _terms(name: str, value: str) -> int:
    between = " " if name.partition(":")[0] in _OF_WORDS else ","
    steps = name.count(".") + name.count("_has:") + 1
    return (value.count(between) + 1) * steps
