"""Who is calling, and what may they do: `decide` turns what was presented into a grant, or into a reasoned denial.

What the caller learns of a denial is one sentence; the reason and the claims go to the deployment's log.
"""

import hashlib

from credentials.access import READ_ONLY, Access, AccessKind
from credentials.models import ApiKeySecret
from credentials.networks import is_within
from credentials.secret import PREFIX
from credentials.selectors import KeyProblem, identify_api_key
from fhirserver import access as fhir_access
from fhirserver.access import AccessGrant, Permission
from gateway.brief_memory import BriefMemory
from gateway.decisions import Allowed, Claim, Credential, CredentialKind, Decision, Denied, Member, Reason
from gateway.endpoints import Endpoint
from gateway.inbound import MEMBER, Inbound
from gateway.tokens import decide_token

_KEY_REASONS = {
    KeyProblem.MALFORMED: Reason.KEY_MALFORMED,
    KeyProblem.UNKNOWN: Reason.KEY_UNKNOWN,
    KeyProblem.REVOKED: Reason.KEY_REVOKED,
    KeyProblem.EXPIRED: Reason.KEY_EXPIRED,
    KeyProblem.SECRET_ENDED: Reason.KEY_SECRET_ENDED,
}
_BAD_KEY = "The API key is not valid for this deployment."


def decide(request: Inbound, endpoint: Endpoint) -> Decision:
    """Authenticates the caller. What the grant does not cover, the engine refuses with 403."""
    presented = _presented(request)
    if isinstance(presented, Denied):
        return _of_member(request) or presented
    if _is_token(presented, request):
        return decide_token(presented, endpoint.deployment)
    digest = hashlib.sha256(presented.encode("utf-8", "surrogateescape")).digest()
    decision = decisions.get(_Question(endpoint, digest, presented))
    if isinstance(decision, Allowed) and decision.networks:
        return _from_where(request.address, decision)
    return decision


def _of_member(request: Inbound) -> Allowed | None:
    """A request of our own pages in the name of a person: no header of a client can say so. It may read and no more."""
    member = request.environ.get(MEMBER)
    if not isinstance(member, Member):
        return None
    credential = Credential(CredentialKind.MEMBER, member.email, member.name)
    return Allowed(
        credential, grant_of_access(READ_ONLY), (Claim("member", "the role Write", "checked", True),)
    )


def _from_where(address: str, allowed: Allowed) -> Decision:
    """Asked of each request: what is remembered of a key holds for every address."""
    if is_within(address, allowed.networks):
        return allowed
    claim = Claim("address", f"one of {', '.join(allowed.networks)}", address or "none", False)
    text = "The API key may not be used from this address."
    return Denied(Reason.KEY_NETWORK, text, allowed.credential, (claim,))


_SHORTEST_AUTHORIZATION = len("Bearer ") + 16
"""Whatever is shorter holds no token: a guess would find it."""


def _is_token(text: str, request: Inbound) -> bool:
    """A signed JWT however it comes, or what comes as a bearer token and is no key of ours: perhaps an opaque token."""
    if text.startswith("ey") and text.count(".") == 2:
        return True
    return "HTTP_X_API_KEY" not in request.environ and not text.startswith(f"{PREFIX}_")


def _presented(request: Inbound) -> str | Denied:
    """The one credential of the request: `x-api-key`, or `Authorization: Bearer` (RFC 6750, 2.1).

    Libraries that always send a bearer token fill in a word such as `none`; beside an API key that is no second credential.
    """
    api_key: str = request.environ.get("HTTP_X_API_KEY", "")
    authorization: str = request.environ.get("HTTP_AUTHORIZATION", "")
    if api_key and len(authorization) >= _SHORTEST_AUTHORIZATION:
        return Denied(
            Reason.TWO_CREDENTIALS, "Send x-api-key or Authorization, not both.", error="invalid_request"
        )
    if api_key:
        return api_key.strip()
    if not authorization:
        return Denied(Reason.NO_CREDENTIAL, "Send an API key (x-api-key) or a bearer token.", error="")
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        return Denied(Reason.UNSUPPORTED_SCHEME, "Authorization must be “Bearer” and a token.", error="")
    return text.strip()


class _Question:
    """A key of the memory of decisions: equal when the endpoint and the digest of the credential are.

    It carries the credential itself only to the look-up.
    """

    __slots__ = ("digest", "endpoint", "text")

    def __init__(self, endpoint: Endpoint, digest: bytes, text: str) -> None:
        self.endpoint, self.digest, self.text = endpoint, digest, text

    def __hash__(self) -> int:
        return hash(self.digest)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, _Question)
            and self.digest == other.digest
            and self.endpoint.deployment_id == other.endpoint.deployment_id
        )


def _look_up(question: _Question) -> Decision:
    text, question.text = question.text, ""
    return decide_api_key(text, question.endpoint)


def decide_api_key(text: str, endpoint: Endpoint) -> Decision:
    found = identify_api_key(text)
    if not isinstance(found, ApiKeySecret):
        known = found.api_key
        if known is None or known.deployment_id != endpoint.deployment_id:
            # The log of this deployment must not name another tenant's key.
            reason = Reason.KEY_OF_ANOTHER_DEPLOYMENT if known else _KEY_REASONS[found.problem]
            return Denied(reason, _BAD_KEY, claims=(_expected_key(reason),))
        who = Credential(CredentialKind.API_KEY, known.prefix, known.name)
        reason = _KEY_REASONS[found.problem]
        return Denied(reason, _BAD_KEY, who, (_expected_key(reason),))
    api_key = found.api_key
    if api_key.deployment_id != endpoint.deployment_id:
        reason = Reason.KEY_OF_ANOTHER_DEPLOYMENT
        return Denied(reason, _BAD_KEY, claims=(_expected_key(reason),))
    limit = api_key.requests_per_second or 0
    credential = Credential(CredentialKind.API_KEY, api_key.prefix, api_key.name, found.pk, limit)
    claim = Claim("access", "what the request needs", str(api_key.access), True)
    return Allowed(credential, grant_of_access(api_key.access), (claim,), tuple(api_key.networks))


def _expected_key(reason: Reason) -> Claim:
    return Claim("API key", "a live key of this deployment", str(reason).replace("-", " "), False)


def grant_of_access(access: Access) -> AccessGrant:
    if access.kind is AccessKind.FULL:
        return fhir_access.FULL
    if access.kind is AccessKind.READ_ONLY:
        return fhir_access.READ_ONLY
    return AccessGrant(tuple(Permission(name, frozenset(letters)) for name, letters in access.types.items()))


decisions: BriefMemory[_Question, Decision] = BriefMemory(_look_up)
