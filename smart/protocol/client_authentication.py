"""How an application proves that it is itself at the token, introspection and revocation endpoints.

RFC 6749, 2.3.1 (secret by Basic or in the body), RFC 7523 with SMART's profile (`private_key_jwt`:
https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html).
"""

import base64
import binascii
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

from django.db import IntegrityError, transaction
from django.utils import timezone
from joserfc import jwt
from joserfc.errors import JoseError

from credentials.models import AuthenticationServer, ClientSecret, OAuthApplication
from smart.addresses import endpoint, issuer
from smart.applications import hash_client_secret
from smart.claims import RefusedToken
from smart.models import UsedAssertion
from smart.remote_keys import Key, KeysUnavailable, key_of, read_keys
from smart.servers import find_application
from smart.unverified import UnverifiedToken, check_times, read_unverified

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS384", "ES384", "RS256", "ES256")
_LONGEST_ASSERTION = 300 + 30  # SMART: at most five minutes; and clocks differ
_LEEWAY = 30
_NOTE_USE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request carries to identify its application; empty texts for what it does not."""

    client_id: str = ""
    secret: str = ""
    assertion: str = ""
    ways: int = 0


def read_presented(headers: Mapping[str, str], parameters: Mapping[str, str]) -> Presented:
    """More than one way in one request is an error (RFC 6749, 2.3), told by `ways`."""
    client_id, secret = parameters.get("client_id", ""), parameters.get("client_secret", "")
    assertion = parameters.get("client_assertion", "")
    ways = bool(secret) + bool(assertion)
    scheme, _, value = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        basic_id, secret = _basic(value)
        ways += 2 if client_id and client_id != basic_id else 1
        client_id = basic_id
    if assertion and not client_id:
        unverified = read_unverified(assertion)
        if isinstance(unverified, UnverifiedToken):
            client_id = str(unverified.payload.get("sub", ""))
    return Presented(client_id, secret, assertion, ways)


def authenticate(server: AuthenticationServer, presented: Presented) -> OAuthApplication | None:
    """The application that proved to be itself; None for public ones, which cannot."""
    application = find_application(server, presented.client_id)
    if application is None or application.is_public or not application.enabled or presented.ways != 1:
        return None
    if presented.assertion:
        right = _has_signed(application, presented.assertion)
    else:
        right = not application.has_keys and _knows_secret(application, presented.secret)
    return application if right else None


def _basic(value: str) -> tuple[str, str]:
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(name), unquote_plus(secret)


def _knows_secret(application: OAuthApplication, secret: str) -> bool:
    digest = hash_client_secret(secret)
    matching = None
    for live in application.secrets.all():
        if hmac.compare_digest(live.digest, digest) and not live.expired:
            matching = live
    if matching is not None:
        _note_use(matching)
    return matching is not None


def _note_use(secret: ClientSecret) -> None:
    now = timezone.now()
    if secret.last_used_at is None or secret.last_used_at < now - _NOTE_USE_EVERY:
        ClientSecret.objects.filter(pk=secret.pk).update(last_used_at=now)


def _has_signed(application: OAuthApplication, assertion: str) -> bool:
    unverified = read_unverified(assertion)
    if isinstance(unverified, RefusedToken):
        return False
    header = unverified.header
    if header.get("alg") not in ALGORITHMS or not header.get("kid"):
        return False
    if "jku" in header and header["jku"] != application.jwks_uri:
        return False
    key = _key(application, str(header["kid"]))
    if key is None:
        return False
    try:
        claims = jwt.decode(assertion, key, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError):
        return False
    return _are_right(claims, application) and _is_first_use(claims, application)


def _key(application: OAuthApplication, kid: str) -> Key | None:
    if not application.jwks_uri:
        return next((key for key in read_keys(application.jwks or {}) if key.kid == kid), None)
    try:
        return key_of(application.jwks_uri, kid)
    except KeysUnavailable:
        return None


def _are_right(claims: Mapping[str, Any], application: OAuthApplication) -> bool:
    deployment_id = application.server.deployment_id
    audience = claims.get("aud")
    audiences = set(audience) if isinstance(audience, list) else {audience}
    return (
        claims.get("iss") == application.client_id
        and claims.get("sub") == application.client_id
        and bool(audiences & {endpoint(deployment_id, "token"), issuer(deployment_id)})
        and check_times(claims, _LEEWAY) is None
        and claims["exp"] <= time.time() + _LONGEST_ASSERTION
    )


def _is_first_use(claims: Mapping[str, Any], application: OAuthApplication) -> bool:
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= 300:
        return False
    ends = datetime.fromtimestamp(claims["exp"], UTC) + timedelta(seconds=_LEEWAY)
    try:
        with transaction.atomic():
            UsedAssertion.objects.create(application=application, jti=jti, expires=ends)
    except IntegrityError:
        return False
    return True
