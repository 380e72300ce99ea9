"""What the door decides about a request, and why: values that the answer, the log and the trace page share."""

from dataclasses import dataclass, field
from enum import StrEnum

from fhirserver.access import AccessGrant


class Reason(StrEnum):
    """Why a request was let in or turned away; the log stores the value."""

    ALLOWED = "allowed"
    OPEN = "open"
    NO_CREDENTIAL = "no-credential"
    TWO_CREDENTIALS = "two-credentials"
    UNSUPPORTED_SCHEME = "unsupported-scheme"
    KEY_MALFORMED = "key-malformed"
    KEY_UNKNOWN = "key-unknown"
    KEY_REVOKED = "key-revoked"
    KEY_EXPIRED = "key-expired"
    KEY_SECRET_ENDED = "key-secret-ended"  # noqa: S105
    KEY_NETWORK = "key-network"
    KEY_OF_ANOTHER_DEPLOYMENT = "key-of-another-deployment"
    TOKEN = "token"  # noqa: S105
    SCOPE = "scope"
    THROTTLED = "throttled"
    CREDENTIAL_THROTTLED = "credential-throttled"
    STOPPED = "stopped"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    FULL = "full"
    MALFORMED = "malformed"


class CredentialKind(StrEnum):
    NONE = ""
    API_KEY = "api-key"
    TOKEN = "token"  # noqa: S105
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the team who looks at records on our own pages, which have checked the role."""

    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One thing that was checked: what the door expected and what it received (never a secret)."""

    name: str
    expected: str
    received: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Credential:
    """Who called, as the log names it. `secret_id` is the primary key of the API key's secret, 0 for others.

    `requests_per_second`: the credential's own limit; 0 where it has none.
    """

    kind: CredentialKind
    identifier: str
    name: str
    secret_id: int = 0
    requests_per_second: int = 0


NOBODY = Credential(CredentialKind.NONE, "", "")


@dataclass(frozen=True, slots=True)
class Allowed:
    """`networks`: from where alone the credential may be used; empty: from anywhere."""

    credential: Credential
    grant: AccessGrant
    claims: tuple[Claim, ...] = ()
    networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Denied:
    """`status` is 401 or 503. `message` is for the caller, `claims` for the deployment's own log."""

    reason: Reason
    message: str
    credential: Credential = NOBODY
    claims: tuple[Claim, ...] = ()
    status: int = 401
    error: str = "invalid_token"  # RFC 6750, 3.1; empty when no credential was sent
    headers: dict[str, str] = field(default_factory=dict)


Decision = Allowed | Denied
