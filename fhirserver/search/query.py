"""The text of a query, wherever it stands: in a form, in an entry of a Bundle, in If-None-Exist or a conditional reference."""

from urllib.parse import parse_qsl

from fhirserver.outcomes import LimitExceeded
from fhirserver.search.limits import MAX_PARAMETERS, MAX_QUERY_CHARACTERS


def read_query(text: str) -> list[tuple[str, str]]:
    """The decoded parameters, in order. Raises LimitExceeded before anything is made of them."""
    if len(text) > MAX_QUERY_CHARACTERS:
        raise LimitExceeded(
            f"The query has {len(text):,} characters; {MAX_QUERY_CHARACTERS:,} are allowed (MAX_QUERY_CHARACTERS)."
        )
    parameters = text.count("&") + 1
    if parameters > MAX_PARAMETERS:
        raise LimitExceeded(
            f"The query has {parameters:,} parameters; {MAX_PARAMETERS:,} are allowed (MAX_PARAMETERS)."
        )
    return parse_qsl(text, keep_blank_values=True)
