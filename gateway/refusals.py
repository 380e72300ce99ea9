"""Of a caller who was let in and then refused: the checks that it passed and the one that failed.

The denial page shows them; what each means, `explaining` says.
"""

from collections.abc import Iterator, Sequence

from fhirserver.authorise import COMPARTMENT, OTHER_PATIENT, RESTRICTION
from gateway.decisions import Claim
from smart.scopes import Level, ResourceScope, Scopes, read_scopes

NONE = "none"
CONNECTED = "connected server"


def claims_of_refusal(claims: Sequence[Claim], needed: str, check: str) -> tuple[Claim, ...]:
    """`claims`: the caller's, as the door found them. `needed`: `Observation.r`. `check`: what the engine says that failed."""
    received = {claim.name: claim.received for claim in claims}
    if "scope" not in received:
        return tuple(Claim(claim.name, needed or claim.expected, claim.received, False) for claim in claims)
    scopes = read_scopes(received["scope"])
    able = _able(scopes, needed)
    failed = _failed(able, received, check)
    passed = [Claim("iss", "an issuer of this deployment", received["iss"], True)]
    if failed.name != "scope":
        passed.append(Claim("scope", f"a scope for {needed}", received["scope"], True))
    else:
        failed = Claim(
            "scope", failed.expected or f"a scope for {needed or 'the request'}", str(scopes) or NONE, False
        )
    return (*passed, *_context(able, received, failed.name), failed)


def _able(scopes: Scopes, needed: str) -> tuple[ResourceScope, ...]:
    """The scopes that speak of what is needed, whether they reach anything or not."""
    resource_type, _, letter = needed.partition(".")
    return tuple(one for one in scopes.resources if one.reaches(resource_type) and letter in one.interactions)


def _failed(able: Sequence[ResourceScope], received: dict[str, str], check: str) -> Claim:
    if check == COMPARTMENT:
        whose = f"the record of Patient/{received['patient']}" if received["patient"] != NONE else ""
        expected = whose or f"the records that {received['fhirUser']} may see"
        return Claim(COMPARTMENT, expected, "a resource outside of it", False)
    if check == CONNECTED:
        return Claim(CONNECTED, "rights without a patient or a search", "rights that are confined", False)
    if check == OTHER_PATIENT:
        return Claim(
            OTHER_PATIENT, "a resource in the own record alone", "one that names another patient", False
        )
    if check == RESTRICTION:
        searches = " or ".join(dict.fromkeys(one.restriction for one in able if one.restriction))
        return Claim(RESTRICTION, searches, "a resource that does not match", False)
    levels = {one.level for one in able}
    if Level.PATIENT in levels and received["patient"] == NONE:
        return Claim("patient", "the patient of the launch context", NONE, False)
    if Level.USER in levels:
        return Claim("fhirUser", "a person with a record or patients here", received["fhirUser"], False)
    if Level.SYSTEM in levels:
        return Claim("scope", "patient/ or user/ scopes: system/ ones are for backend services", "", False)
    return Claim("scope", "", "", False)


def _context(able: Sequence[ResourceScope], received: dict[str, str], failed: str) -> Iterator[Claim]:
    """The context that the scopes rely on, as far as it was there."""
    if failed == "scope":
        return
    for level, name, expected in (
        (Level.PATIENT, "patient", "the patient of the launch context"),
        (Level.USER, "fhirUser", "the linked person"),
    ):
        if name != failed and received[name] != NONE and any(one.level is level for one in able):
            yield Claim(name, expected, received[name], True)
