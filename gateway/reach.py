"""What a grant can be held to on a server that is not ours: only what it covers whole."""

from fhirserver.access import ALL_INTERACTIONS, ANY_TYPE, AccessGrant
from fhirserver.http import FhirResponse
from gateway.inbound import Inbound, parse_query
from gateway.needs import interaction_and_need
from gateway.outcomes import outcome
from gateway.refusals import CONNECTED

# These bring other types into an answer, or let it depend on them.
_REACHING = ("_include", "_revinclude", "_has", "_contained", "_list", "_filter", "_query")


def refuse_unenforceable(request: Inbound, body: bytes, grant: AccessGrant) -> FhirResponse | None:
    """403 unless the grant, as it is, covers all that the request can do on the other side."""
    if request.path == "metadata" and request.method in ("GET", "HEAD"):
        return None
    _, needed = interaction_and_need(request.method, request.path)
    if "$" in request.path:
        # What an operation reads or changes is the upstream's matter.
        needed = ""
    if needed:
        resource_type, _, letter = needed.rpartition(".")
        if not grant.is_unconfined(resource_type, letter):
            return _forbidden(grant, resource_type, letter)
        if letter not in "rs" or not _reaches_other_types(request, body):
            return None
    letters = "rs" if needed or request.method in ("GET", "HEAD") else "".join(sorted(ALL_INTERACTIONS))
    missing = next((letter for letter in letters if not grant.is_unconfined(ANY_TYPE, letter)), None)
    return None if missing is None else _forbidden(grant, ANY_TYPE, missing)


def _reaches_other_types(request: Inbound, body: bytes) -> bool:
    names = [name for name, _ in request.query()]
    if request.method == "POST":
        names += [name for name, _ in parse_query(body.decode("utf-8", "replace"))]
    return any(name.startswith(_REACHING) or "." in name for name in names)


def _forbidden(grant: AccessGrant, resource_type: str, letter: str) -> FhirResponse:
    if grant.allows(resource_type, letter):
        why = "it is confined to a patient or a search, which cannot be enforced on a connected server"
    else:
        why = f"it lacks {resource_type}.{letter}"
    refused = outcome(403, "forbidden", f"This credential may not do that: {why}.")
    refused.missing = f"{resource_type}.{letter}"
    refused.check = CONNECTED if grant.allows(resource_type, letter) else ""
    return refused
