"""What a verified access token says, or why a presented one is refused."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from smart.scopes import Scopes


class TokenProblem(StrEnum):
    """Callers learn only that the token is invalid or expired; the deployment's log has the rest."""

    MALFORMED = "malformed"
    UNKNOWN_ISSUER = "unknown-issuer"
    SERVER_DISABLED = "server-disabled"
    ALGORITHM = "algorithm"
    TYPE = "type"
    UNKNOWN_KEY = "unknown-key"
    KEYS_UNAVAILABLE = "keys-unavailable"
    SIGNATURE = "signature"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    CLAIM = "claim"
    INACTIVE = "inactive"
    INTROSPECTION_UNAVAILABLE = "introspection-unavailable"
    REVOKED = "revoked"
    APPLICATION_DISABLED = "application-disabled"
    USER_DISABLED = "user-disabled"


@dataclass(frozen=True, slots=True)
class RefusedToken:
    """`expected` against `received`: what the denial page shows. Neither holds the token itself."""

    problem: TokenProblem
    claim: str = ""
    expected: str = ""
    received: str = ""
    client_id: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class SignedClaims:
    """A token whose signature, issuer, audience, times and revocation were checked. Each such check is a thing of its own: it is equal
    to no other, and cheap to remember something by.

    `patient`, `encounter`: logical ids of the launch context, or empty. `fhir_user`: `Type/id` or empty. Times are Unix
    seconds. `authorization_id` is set for the integrated server's tokens. `application_id`: primary key, if registered.
    `requests_per_second`: the application's own limit; 0 where it has none.
    """

    issuer: str
    subject: str
    client_id: str
    scopes: Scopes
    expires: int
    issued: int
    token_id: str = ""
    patient: str = ""
    encounter: str = ""
    fhir_user: str = ""
    authorization_id: str = ""
    application_id: int | None = None
    requests_per_second: int = 0
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
