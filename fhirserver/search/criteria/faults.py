"""What a parameter can be refused for."""

from fhirserver.outcomes import BadRequest, FhirError
from fhirspec.definitions import SearchParameter
from fhirspec.searchparams.behaviour import modifiers_of


class UnknownParameter(FhirError):
    """A parameter that the type does not have, or that this server cannot search."""

    status = 400
    code = "not-supported"


def unknown_modifier(found: SearchParameter, modifier: str) -> BadRequest:
    known = ", ".join(f":{one}" for one in modifiers_of(found)) or "none"
    return BadRequest(
        f"{found.code}: the modifier :{modifier} is not possible here; of a {found.type} parameter these are: {known}."
    )
