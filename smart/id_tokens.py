"""OpenID Connect ID tokens: who signed in, for the application alone.

https://openid.net/specs/openid-connect-core-1_0.html#IDToken; `fhirUser` after SMART App Launch.
"""

import base64
import hashlib
import time
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from credentials.models import ServerUser
from smart.addresses import fhir_base, issuer
from smart.claims import RefusedToken
from smart.keys import ALGORITHM, signing_key, verification_key
from smart.models import Authorization
from smart.scopes import Scopes, Special, read_scopes
from smart.tokens import subject
from smart.unverified import read_unverified

LIFETIME = 600  # seconds


def user_claims(user: ServerUser, scopes: Scopes) -> dict[str, Any]:
    """What the scopes let an application know about a person."""
    claims: dict[str, Any] = {}
    if Special.PROFILE in scopes:
        claims |= {"name": user.display_name, "preferred_username": user.username}
    if Special.EMAIL in scopes and user.email:
        claims["email"] = user.email
    if Special.FHIR_USER in scopes and user.fhir_user:
        claims["fhirUser"] = f"{fhir_base(user.deployment_id)}/{user.fhir_user}"
    return claims


def sign_id_token(authorization: Authorization, access_token: str) -> str:
    """For the application whose authorization it is; only with a user."""
    application = authorization.application
    deployment_id = application.server.deployment_id
    now = int(time.time())
    claims: dict[str, Any] = {
        "iss": issuer(deployment_id),
        "sub": subject(authorization),
        "aud": application.client_id,
        "iat": now,
        "exp": now + LIFETIME,
        "at_hash": _half_hash(access_token),
    }
    if authorization.signed_in_at is not None:
        claims["auth_time"] = int(authorization.signed_in_at.timestamp())
    if authorization.nonce:
        claims["nonce"] = authorization.nonce
    if authorization.user is not None:
        claims |= user_claims(authorization.user, read_scopes(authorization.scopes))
    key = signing_key(deployment_id)
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid, "typ": "JWT"}, claims, key, algorithms=[ALGORITHM])


def read_id_token_hint(hint: str, deployment_id: str) -> dict[str, Any] | None:
    """The claims of an ID token that this deployment signed, even if it has expired; else None."""
    unverified = read_unverified(hint)
    if isinstance(unverified, RefusedToken) or unverified.header.get("typ") != "JWT":
        return None
    key = verification_key(deployment_id, str(unverified.header.get("kid")))
    if key is None:
        return None
    try:
        claims = jwt.decode(hint, key, algorithms=[ALGORITHM]).claims
    except (JoseError, ValueError, TypeError):
        return None
    return dict(claims) if claims.get("iss") == issuer(deployment_id) else None


def _half_hash(text: str) -> str:
    half = hashlib.sha256(text.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()
