"""Bearer tokens at the door: `smart.tokens.verify` says what a token is worth, this says what that lets its bearer do."""

from dataclasses import dataclass
from functools import lru_cache

from deployments.models import Deployment
from gateway.brief_memory import BriefMemory
from gateway.decisions import NOBODY, Allowed, Claim, Credential, CredentialKind, Decision, Denied, Reason
from gateway.scope_grant import REPRESENTATIVES, grant_of
from smart.claims import RefusedToken, SignedClaims, TokenProblem
from smart.records import represented_patients
from smart.tokens import verify

_UNAVAILABLE = {
    TokenProblem.KEYS_UNAVAILABLE: "The keys of the token's issuer cannot be fetched now.",
    TokenProblem.INTROSPECTION_UNAVAILABLE: "The token's issuer cannot be asked about it now.",
}
_MESSAGES = {
    TokenProblem.EXPIRED: "The access token has expired.",
    TokenProblem.REVOKED: "The access token has been revoked.",
}
_MESSAGE = "The access token is not valid for this deployment."
# The order in which a token is checked: what comes before the failure has passed, where every kind of token is checked so.
_CHECKS = (
    (TokenProblem.MALFORMED, "form", "a signed JWT"),
    (TokenProblem.INTROSPECTION_UNAVAILABLE, "introspection", "an answer of the issuer"),
    (TokenProblem.INACTIVE, "active", "true"),
    (TokenProblem.UNKNOWN_ISSUER, "iss", "an issuer of this deployment"),
    (TokenProblem.SERVER_DISABLED, "server", "an authentication server that is switched on"),
    (TokenProblem.TYPE, "typ", "an access token"),
    (TokenProblem.ALGORITHM, "alg", "an algorithm of the issuer"),
    (TokenProblem.KEYS_UNAVAILABLE, "keys", "the issuer's keys"),
    (TokenProblem.UNKNOWN_KEY, "kid", "a key of the issuer"),
    (TokenProblem.SIGNATURE, "signature", "made with that key"),
    (TokenProblem.AUDIENCE, "aud", "this deployment's FHIR base"),
    (TokenProblem.EXPIRED, "exp", "in the future"),
    (TokenProblem.NOT_YET_VALID, "nbf", "in the past"),
    (TokenProblem.CLAIM, "claim", "as registered"),
    (TokenProblem.REVOKED, "revocation", "not revoked"),
    (TokenProblem.APPLICATION_DISABLED, "client_id", "an enabled application"),
    (TokenProblem.USER_DISABLED, "sub", "an enabled user"),
)
_ONLY_FAILURES = frozenset(
    {
        *(TokenProblem.INTROSPECTION_UNAVAILABLE, TokenProblem.INACTIVE, TokenProblem.SERVER_DISABLED),
        *(TokenProblem.TYPE, TokenProblem.KEYS_UNAVAILABLE, TokenProblem.CLAIM, TokenProblem.REVOKED),
    }
)
_NO_FORM = frozenset({TokenProblem.INTROSPECTION_UNAVAILABLE, TokenProblem.INACTIVE})


def decide_token(token: str, deployment: Deployment) -> Decision:
    found = verify(token, deployment)
    if isinstance(found, RefusedToken):
        return _refused(found)
    kind, _, _ = found.fhir_user.partition("/")
    represented = (
        represented_by.get(_Representative(deployment, found.fhir_user)) if kind in REPRESENTATIVES else ()
    )
    return _accepted(found, represented)


@lru_cache(maxsize=4096)
def _accepted(claims: SignedClaims, represented: tuple[str, ...]) -> Allowed:
    """Made once for each verification of a token."""
    limit = claims.requests_per_second
    who = Credential(CredentialKind.TOKEN, claims.client_id, _name(claims), requests_per_second=limit)
    checked = (
        Claim("iss", "an issuer of this deployment", claims.issuer, True),
        Claim("scope", "what the request needs", str(claims.scopes), False),
        Claim("patient", "the patient of the launch context", claims.patient or "none", bool(claims.patient)),
        Claim(
            "fhirUser",
            "the linked person, for user/ scopes",
            claims.fhir_user or "none",
            bool(claims.fhir_user),
        ),
    )
    return Allowed(who, grant_of(claims, represented), checked)


@dataclass(frozen=True, slots=True)
class _Representative:
    deployment: Deployment
    fhir_user: str


represented_by: BriefMemory[_Representative, tuple[str, ...]] = BriefMemory(
    lambda one: represented_patients(one.deployment, one.fhir_user)
)


def _name(claims: SignedClaims) -> str:
    return claims.fhir_user or claims.subject


def _refused(refused: RefusedToken) -> Denied:
    who = Credential(CredentialKind.TOKEN, refused.client_id, "") if refused.client_id else NOBODY
    claims = _claims(refused)
    if refused.problem in _UNAVAILABLE:
        headers = {"Retry-After": "5"}
        return Denied(Reason.TOKEN, _UNAVAILABLE[refused.problem], who, claims, status=503, headers=headers)
    return Denied(Reason.TOKEN, _MESSAGES.get(refused.problem, _MESSAGE), who, claims)


def _claims(refused: RefusedToken) -> tuple[Claim, ...]:
    """Every check that passed before, then the one that failed with what was expected and received."""
    end = [problem for problem, _, _ in _CHECKS].index(refused.problem)
    passed = tuple(
        Claim(name, expected, "as expected", True)
        for problem, name, expected in _CHECKS[:end]
        if problem not in _ONLY_FAILURES and refused.problem not in _NO_FORM
    )
    _, name, expected = _CHECKS[end]
    failed = Claim(
        name if refused.problem in _ONLY_FAILURES - {TokenProblem.CLAIM} else refused.claim or name,
        refused.expected or expected,
        refused.received or str(refused.problem).replace("-", " "),
        False,
    )
    return (*passed, failed)
