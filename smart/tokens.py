"""Access tokens: JWTs after RFC 9068, signed with the deployment's key.

A token names its authorization, so that revoking that ends it. `verify` remembers what it checked for one second: a
verified token then costs a look-up in memory, and a revocation is effective everywhere within that second.
"""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import F, Q
from django.utils import timezone
from joserfc import jwt
from joserfc.errors import JoseError

from deployments.models import Deployment
from smart.addresses import fhir_base, issuer
from smart.claims import RefusedToken, SignedClaims, TokenProblem
from smart.external import verify_external
from smart.introspecting import verify_opaque
from smart.keys import ALGORITHM, signing_key, verification_key
from smart.models import Authorization, Fault
from smart.scopes import Scopes, read_scopes
from smart.unverified import UnverifiedToken, check_times, read_unverified

TOKEN_TYPE = "at+jwt"  # noqa: S105
_TRUST = 1.0  # seconds
_CAPACITY = 4096
_NOTE_USE_EVERY = timedelta(minutes=1)

_verified: OrderedDict[bytes, tuple[float, SignedClaims]] = OrderedDict()
_lock = threading.Lock()


def sign_access_token(
    authorization: Authorization, scopes: Scopes, lifetime: int, *, refreshed: bool = False
) -> str:
    """A token for `scopes` (within the authorization's) that lives `lifetime` seconds."""
    application = authorization.application
    deployment_id = application.server.deployment_id
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": issuer(deployment_id),
        "aud": fhir_base(deployment_id),
        "sub": subject(authorization),
        "client_id": application.client_id,
        "scope": str(scopes),
        "iat": now,
        "exp": now + lifetime,
        "jti": secrets.token_urlsafe(12),
        "authorization": str(authorization.pk),
    }
    if authorization.patient:
        claims["patient"] = authorization.patient
    if authorization.encounter:
        claims["encounter"] = authorization.encounter
    if authorization.user is not None and authorization.user.fhir_user:
        claims["fhirUser"] = authorization.user.fhir_user
    if authorization.fault == Fault.EXPIRED_TOKEN and not refreshed:
        claims["iat"], claims["exp"] = now - lifetime - 60, now - 60
    if authorization.fault == Fault.WRONG_AUDIENCE:
        claims["aud"] = "https://another-server.example/r4"
    key = signing_key(deployment_id)
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": TOKEN_TYPE}
    return jwt.encode(header, claims, key, algorithms=[ALGORITHM])


def subject(authorization: Authorization) -> str:
    """The same for every application of the deployment; a backend service is its own subject."""
    if authorization.user_id is None:
        return authorization.application.client_id
    return f"user-{authorization.user_id}"


def verify(token: str, deployment: Deployment) -> SignedClaims | RefusedToken:
    """What the token lets its bearer do at this deployment's FHIR endpoint, or why nothing."""
    name = hashlib.sha256(f"{deployment.pk} {token}".encode()).digest()
    until, claims = _verified.get(name, (0.0, None))
    if claims is not None and time.monotonic() < until and time.time() < claims.expires:
        return claims
    found = _verify(token, deployment)
    _remember(name, found)
    return found


def forget_verified_tokens() -> None:
    """In this process; the others follow within a second."""
    with _lock:
        _verified.clear()


def _remember(name: bytes, found: SignedClaims | RefusedToken) -> None:
    with _lock:
        _verified.pop(name, None)
        if isinstance(found, SignedClaims):
            _verified[name] = (time.monotonic() + _TRUST, found)
            if len(_verified) > _CAPACITY:
                _verified.popitem(last=False)


def _verify(token: str, deployment: Deployment) -> SignedClaims | RefusedToken:
    unverified = read_unverified(token)
    if isinstance(unverified, RefusedToken):
        return verify_opaque(token, deployment)
    if unverified.issuer != issuer(deployment.pk):
        return verify_external(unverified, deployment)
    checked = verify_signed(unverified, deployment.pk)
    return checked if isinstance(checked, RefusedToken) else _check_authorization(checked)


def verify_signed(unverified: UnverifiedToken, deployment_id: str) -> SignedClaims | RefusedToken:
    """All that the token itself can tell: type, algorithm, key, signature, audience, times."""
    header = unverified.header
    if header.get("typ") != TOKEN_TYPE:
        return RefusedToken(TokenProblem.TYPE, "typ", TOKEN_TYPE, str(header.get("typ")))
    if header.get("alg") != ALGORITHM:
        return RefusedToken(TokenProblem.ALGORITHM, "alg", ALGORITHM, str(header.get("alg")))
    key = verification_key(deployment_id, str(header.get("kid")))
    if key is None:
        return RefusedToken(
            TokenProblem.UNKNOWN_KEY, "kid", "a key of this deployment", str(header.get("kid"))
        )
    try:
        claims = jwt.decode(unverified.text, key, algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError):
        return RefusedToken(TokenProblem.SIGNATURE, expected="a signature by this deployment's key")
    base = fhir_base(deployment_id)
    client_id = str(claims.get("client_id", ""))
    if claims.get("aud") != base:
        return RefusedToken(TokenProblem.AUDIENCE, "aud", base, str(claims.get("aud")), client_id)
    if (wrong := check_times(claims, leeway=0)) is not None:
        return replace(wrong, client_id=client_id)
    return _signed(claims)


def _signed(claims: dict[str, Any]) -> SignedClaims:
    return SignedClaims(
        issuer=claims["iss"],
        subject=claims["sub"],
        client_id=claims["client_id"],
        scopes=read_scopes(claims["scope"]),
        expires=claims["exp"],
        issued=claims["iat"],
        token_id=claims["jti"],
        patient=claims.get("patient", ""),
        encounter=claims.get("encounter", ""),
        fhir_user=claims.get("fhirUser", ""),
        authorization_id=claims["authorization"],
        claims=claims,
    )


def _check_authorization(signed: SignedClaims) -> SignedClaims | RefusedToken:
    """What may have changed since the token was signed. One query."""
    row = (
        Authorization.objects.filter(pk=signed.authorization_id)
        .values(
            "revoked",
            "last_used_at",
            "application_id",
            enabled=F("application__enabled"),
            requests_per_second=F("application__requests_per_second"),
            server_enabled=F("application__server__enabled"),
            user_enabled=F("user__enabled"),
        )
        .first()
    )
    if row is None or row["revoked"] is not None:
        return RefusedToken(TokenProblem.REVOKED, client_id=signed.client_id)
    if not row["server_enabled"]:
        return RefusedToken(TokenProblem.SERVER_DISABLED, client_id=signed.client_id)
    if not row["enabled"]:
        return RefusedToken(TokenProblem.APPLICATION_DISABLED, client_id=signed.client_id)
    if row["user_enabled"] is False:
        return RefusedToken(TokenProblem.USER_DISABLED, client_id=signed.client_id)
    _note_use(signed.authorization_id)
    return replace(
        signed,
        application_id=row["application_id"],
        requests_per_second=row["requests_per_second"] or 0,
    )


def _note_use(authorization_id: str) -> None:
    """At most once a minute, so that reading data does not write much."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _NOTE_USE_EVERY)
    Authorization.objects.filter(stale, pk=authorization_id).update(last_used_at=now)
