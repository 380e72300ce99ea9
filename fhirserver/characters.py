"""The one character that no text of FHIR and no database may hold: https://hl7.org/fhir/R4/datatypes.html#string

It arrives as `%00` in an address or a form, or as a JSON escape. Bodies that are resources are told by validation, with their path.
"""

from collections.abc import Iterable

from fhirserver.http import FhirRequest
from fhirserver.outcomes import BadRequest

NUL = "\x00"


def refused(where: str) -> BadRequest:
    """`where` is what the client wrote, and is shown without the character."""
    shown = where.replace(NUL, "%00")
    return BadRequest(f"{shown} holds the character NUL (%00), which no text of FHIR may have.")


def require_no_nul(request: FhirRequest) -> None:
    """Raises BadRequest naming the part of the request: its path, a parameter, or a header."""
    if NUL in request.path:
        raise refused("The path")
    require_pairs_without_nul(request.query)
    for name, value in request.headers.items():
        if NUL in value:
            raise refused(f"The header {name}")


def require_pairs_without_nul(pairs: Iterable[tuple[str, str]]) -> None:
    for name, value in pairs:
        if NUL in value:
            raise refused(name)
        if NUL in name:
            raise refused(f"The parameter {name}")
