"""What a request needs, in the terms of grants and of scopes."""

from fhirserver.http import FhirRequest
from fhirserver.outcomes import FhirError
from fhirserver.routes import ROUTES, match
from smart.scopes import Level, covers, read_scopes, smallest_scope

# What routes leave to their handlers: an update may turn out to be a create.
_LETTERS = {"update": "u", "search-compartment": "s", "search-system": "s", "history-system": "s"}


def letters_of_interactions() -> dict[str, str]:
    """The right that an interaction needs on the type that its path begins with. A compartment's search is not among them:
    its type comes later in the path."""
    letters = {route.interaction: route.letter or _LETTERS.get(route.interaction, "") for route in ROUTES}
    letters.pop("search-compartment")
    return letters


def interaction_and_need(method: str, path: str) -> tuple[str, str]:
    """The FHIR interaction of a request and the permission it needs (`Observation.s`); each may be empty."""
    request = FhirRequest("GET" if method == "HEAD" else method, path)
    try:
        route = match(request)
    except FhirError:
        return "", ""
    letter = route.letter or _LETTERS.get(route.interaction, "")
    return route.interaction, f"{request.resource_type or '*'}.{letter}" if letter else ""


def smallest_missing_scope(granted: str, needed: str) -> str:
    """The need as the narrowest scope that is not granted already (`patient/Observation.s`); empty when none would help.

    Whoever has `patient/Observation.r` and is refused a read asked for what lies in another patient's record: only a `user/`
    scope could reach that. A person never gets `system/` scopes, a backend service no others.
    """
    scopes = read_scopes(granted)
    resource_type, _, letter = needed.partition(".")
    held = {scope.level for scope in scopes.resources}
    levels = (Level.SYSTEM,) if Level.SYSTEM in held else (Level.PATIENT, Level.USER)
    if Level.USER in held and Level.PATIENT not in held:
        levels = (Level.USER,)
    candidates = (smallest_scope(level, resource_type, letter) for level in levels)
    return next((str(scope) for scope in candidates if not covers(scopes, scope)), "")
