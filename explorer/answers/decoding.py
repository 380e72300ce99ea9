"""The body of an answer as the value that it says: JSON as it is, XML in its JSON form."""

from typing import Any

from explorer import definitions
from explorer.sending import Answer


def decode_answer(answer: Answer) -> Any:
    """None for a body that is empty, was read in part, or is neither JSON nor FHIR XML."""
    if not answer.complete or not answer.body or not (answer.is_json or answer.is_xml):
        return None
    try:
        return definitions.decode_xml(answer.body) if answer.is_xml else definitions.decode_json(answer.body)
    except (ValueError, RecursionError):
        return None
