"""What a request needs, in the terms of grants and of scopes."""

from fhirserver.http import FhirRequest
from fhirserver.outcomes import FhirError
from fhirserver.routes import match

# What routes leave to their handlers: an update may turn out to be a create.
_LETTERS = {"update": "u", "search-compartment": "s", "search-system": "s", "history-system": "r"}


def interaction_and_need(method: str, path: str) -> tuple[str, str]:
    """The FHIR interaction of a request and the permission it needs (`Observation.s`); each may be empty."""
    request = FhirRequest("GET" if method == "HEAD" else method, path)
    try:
        route = match(request)
    except FhirError:
        return "", ""
    letter = route.letter or _LETTERS.get(route.interaction, "")
    return route.interaction, f"{request.resource_type or '*'}.{letter}" if letter else ""


def scope_at_level(granted: str, needed: str) -> str:
    """The need as a scope, of the level that the granted scopes have already (`patient/Observation.s`)."""
    level = next((one for one in ("patient", "user", "system") if f"{one}/" in granted), "user")
    return f"{level}/{needed}"
