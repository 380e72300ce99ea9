"""Why a request was refused, and the least that would let it pass: what the trace page says."""

from dataclasses import dataclass

from gateway.decisions import CredentialKind, Reason
from gateway.models import RequestLog
from gateway.needs import smallest_missing_scope

WORDS = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search"}

_SENTENCES = {
    Reason.NO_CREDENTIAL: "The request carried no credential.",
    Reason.TWO_CREDENTIALS: "The request carried both x-api-key and Authorization.",
    Reason.UNSUPPORTED_SCHEME: "The Authorization header was not “Bearer” and a token.",
    Reason.KEY_MALFORMED: "What was sent is no API key of Fireside: part of it is missing or mistyped.",
    Reason.KEY_UNKNOWN: "No such API key exists.",
    Reason.KEY_REVOKED: "The API key was revoked.",
    Reason.KEY_EXPIRED: "The API key has expired.",
    Reason.KEY_SECRET_ENDED: "The key was rotated, and this is its old secret.",
    Reason.KEY_NETWORK: "The key is good, but it may not be used from this address.",
    Reason.KEY_OF_ANOTHER_DEPLOYMENT: "The API key belongs to another deployment.",
    Reason.TOKEN: "The access token was refused.",
    Reason.SCOPE: "The credential is good, but its rights do not cover this request.",
    Reason.THROTTLED: "There were more requests than the deployment's size allows.",
    Reason.CREDENTIAL_THROTTLED: "The credential made more requests a second than its own limit allows.",
    Reason.STOPPED: "The deployment was not running.",
    Reason.TOO_LARGE: "The body was larger than this server takes.",
    Reason.TOO_SLOW: "Too many bodies were sent slowly at the same time.",
    Reason.FULL: "As many resources are stored as the deployment's size allows.",
    Reason.MALFORMED: "The request could not be read.",
}
_MENDS = {
    Reason.NO_CREDENTIAL: "Send an API key as x-api-key, or an access token as Authorization: Bearer.",
    Reason.TWO_CREDENTIALS: "Send only one of them.",
    Reason.UNSUPPORTED_SCHEME: "Write “Authorization: Bearer”, a space, and the token.",
    Reason.KEY_MALFORMED: "Copy the whole key again: it begins with fsk_ and has 66 characters.",
    Reason.KEY_UNKNOWN: "Create a key on the Credentials tab.",
    Reason.KEY_REVOKED: "Create a new key on the Credentials tab.",
    Reason.KEY_EXPIRED: "Create a new key on the Credentials tab.",
    Reason.KEY_SECRET_ENDED: "Use the newest secret of the key, or rotate it once more.",
    Reason.KEY_NETWORK: "Send it from one of the key's networks, or add the address to them on the Credentials tab. "
    "Is it the address of your own proxy? Then TRUSTED_PROXY_COUNT must say how many stand before Fireside.",
    Reason.KEY_OF_ANOTHER_DEPLOYMENT: "Use a key of this deployment, or the base URL of the key's own.",
    Reason.SCOPE: "Ask for a scope, or use a key, with the right that the request needs.",
    Reason.THROTTLED: "Wait as long as Retry-After says, or choose a larger size.",
    Reason.CREDENTIAL_THROTTLED: "Wait as long as Retry-After says, or raise the limit of the API key or application.",
    Reason.STOPPED: "Start the deployment.",
    Reason.TOO_LARGE: "Send it in parts, or load it on the Data tab.",
    Reason.TOO_SLOW: "Send it again over a quicker connection, in smaller parts, or load it on the Data tab.",
    Reason.MALFORMED: "Send it again as the answer said.",
    Reason.FULL: "Delete what is not needed, or choose a larger size on the Settings tab.",
}


# What to do next where the right as such is there, by the check that failed (gateway/refusals.py).
_REACH_MENDS = {
    "compartment": "patient/ scopes end where the record of the patient in context does. Launch with the other patient, or ask as"
    " somebody who may see both.",
    "restriction": "Ask for the scope without its search, or for resources that match it.",
    "other patient": "Leave the references to the other patient out of what is written.",
    "connected server": "What lies on a connected server cannot be confined from here: ask for user/ scopes as a practitioner, for"
    " system/ scopes, or keep the data on an embedded server.",
    "patient": "Ask for launch/patient too, so that a patient is chosen, or launch the application from a record.",
    "fhirUser": "Link the user to a Patient, Practitioner, RelatedPerson or Person, under Users of the OAuth 2.0 tab.",
}

# What to do next, by the check of the token that failed.
_TOKEN_MENDS = {
    "form": "Send the access_token of the token response whole: three parts with dots between. For opaque tokens, give the"
    " identity provider a client for introspection on the OAuth 2.0 tab.",
    "introspection": "Wait until the identity provider answers again; its client id and secret are on the OAuth 2.0 tab.",
    "active": "The identity provider calls the token inactive: it has ended or is not its own. Sign in again.",
    "iss": "Get the token from an authentication server of the OAuth 2.0 tab, or add its issuer there.",
    "server": "Switch the authentication server on, on the OAuth 2.0 tab.",
    "typ": "Send the access_token, not the id_token.",
    "alg": "Let the issuer sign with one of the expected algorithms.",
    "keys": "Wait until the identity provider's keys can be fetched again, or look at its JWKS address.",
    "kid": "Get a new token: the issuer does not publish the key of this one any more, or never did.",
    "signature": "Get a new token: this one was changed, or somebody else signed it.",
    "aud": "Ask for the token with this FHIR base as aud, or set the audience of the identity provider.",
    "exp": "Refresh the token, or sign in again.",
    "nbf": "Compare the clocks, or allow more clock skew for the identity provider.",
    "iat": "Compare the clocks, or allow more clock skew for the identity provider.",
    "revocation": "Sign in again: the person, the application or an administrator took the access back.",
    "client_id": "Register the application on the OAuth 2.0 tab, or switch it on.",
    "sub": "Switch the user on, under Users of the OAuth 2.0 tab.",
}


@dataclass(frozen=True)
class Explanation:
    """`smallest` names the least right that would let the request pass, in the credential's own terms."""

    sentence: str
    mend: str
    smallest: str


def explain(line: RequestLog) -> Explanation | None:
    """None for a request that was let in."""
    if line.reason in (Reason.ALLOWED, Reason.OPEN):
        return None
    reason = Reason(line.reason)
    smallest, mend = "", _MENDS.get(reason, "")
    failed = next((claim["name"] for claim in line.checked_claims() if not claim["passed"]), "")
    if reason is Reason.TOKEN:
        mend = _TOKEN_MENDS.get(failed, "Get a new token.")
    if reason is Reason.SCOPE and line.needed:
        smallest = (
            ""
            if failed in ("patient", "fhirUser", "other patient", "connected server")
            else smallest_right(line)
        )
        resource_type, _, letter = line.needed.partition(".")
        is_token = line.credential_kind == CredentialKind.TOKEN
        how = "Ask for it in the scope of a new token." if is_token else "Use a key that has it."
        thing = resource_type.replace("*", "every type")
        mend = f"It needs the right to {WORDS.get(letter, letter)} {thing}. {how}"
        mend = _REACH_MENDS.get(failed, mend)
    return Explanation(_SENTENCES[reason], mend, smallest)


def smallest_right(line: RequestLog) -> str:
    """`Observation.s` for a key; for a token a scope, of the level that it already has."""
    if line.credential_kind != CredentialKind.TOKEN:
        return line.needed
    granted = next((claim["received"] for claim in line.checked_claims() if claim["name"] == "scope"), "")
    return smallest_missing_scope(granted, line.needed)


@dataclass(frozen=True)
class Part:
    """A part of a request's duration; `share` is in percent of the whole."""

    title: str
    milliseconds: float
    share: float


def parts_of(line: RequestLog) -> list[Part]:
    """Where the time went: the door, the statements, all else. Empty for lines that were not measured so."""
    if not line.duration or not (line.decision_time or line.statements):
        return []
    rest = max(0, line.duration - line.decision_time - line.statement_time)
    statements = f"{line.statements} statement{'' if line.statements == 1 else 's'} in the store"
    named = (
        ("Decision at the door", line.decision_time),
        (statements, line.statement_time),
        ("Reading, composing, sending", rest),
    )
    return [Part(title, took / 1000, round(100 * took / line.duration, 1)) for title, took in named]
