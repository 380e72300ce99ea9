"""Codes and refresh tokens: made, looked up, and spent exactly once.

The texts have 256 random bits; only their SHA-256 is stored. Spending is one conditional update, so that of two requests
at the same time only one succeeds. Whoever comes second ends the authorization (RFC 9700, 4.14 and RFC 6749, 4.1.2).
"""

import hashlib
import secrets
from datetime import timedelta

from django.utils import timezone

from credentials.models import OAuthApplication
from smart.models import Authorization, AuthorizationCode, Fault, RefreshToken
from smart.scopes import Special, read_scopes
from smart.tokens import forget_verified_tokens

CODE_LIFETIME = timedelta(seconds=60)
ONLINE_LIFETIME = timedelta(hours=12)


def new_text() -> str:
    return secrets.token_urlsafe(32)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def revoke(authorization: Authorization, because: str) -> None:
    """All its tokens stop working, here at once and in other processes within a second."""
    now = timezone.now()
    Authorization.objects.filter(pk=authorization.pk, revoked=None).update(
        revoked=now, revoked_because=because
    )
    forget_verified_tokens()


def store_code(code: str, authorization: Authorization, redirect_uri: str, challenge: str) -> None:
    faulty = authorization.fault == Fault.EXPIRED_CODE
    AuthorizationCode.objects.create(
        digest=digest_of(code),
        authorization=authorization,
        redirect_uri=redirect_uri,
        code_challenge=challenge,
        expires=timezone.now() + (-CODE_LIFETIME if faulty else CODE_LIFETIME),
    )


def find_code(text: str, application: OAuthApplication) -> AuthorizationCode | None:
    """The code, if it is this application's, in time and not spent. A spent one ends what came of it."""
    code = (
        AuthorizationCode.objects.select_related(
            "authorization__user", "authorization__application__server__deployment"
        )
        .filter(digest=digest_of(text), authorization__application=application)
        .first()
    )
    if code is None:
        return None
    if code.redeemed is not None:
        revoke(code.authorization, "a code was used twice")
        return None
    live = code.expires > timezone.now() and code.authorization.live and _user_enabled(code.authorization)
    return code if live else None


def spend_code(code: AuthorizationCode) -> bool:
    spent = AuthorizationCode.objects.filter(pk=code.pk, redeemed=None).update(redeemed=timezone.now())
    if not spent:
        revoke(code.authorization, "a code was used twice")
    return bool(spent)


def wants_refresh_token(authorization: Authorization) -> bool:
    scopes = read_scopes(authorization.scopes)
    return Special.OFFLINE_ACCESS in scopes or Special.ONLINE_ACCESS in scopes


def make_refresh_token(authorization: Authorization) -> str:
    """A further link of the chain, which ends when the authorization does, or unused after the server's lifetime."""
    text = new_text()
    lifetime = timedelta(seconds=authorization.application.server.refresh_token_lifetime)
    if Special.OFFLINE_ACCESS not in read_scopes(authorization.scopes):
        lifetime = min(lifetime, ONLINE_LIFETIME)
    RefreshToken.objects.create(
        digest=digest_of(text), authorization=authorization, expires=timezone.now() + lifetime
    )
    return text


def find_refresh_token(text: str, application: OAuthApplication) -> RefreshToken | None:
    """The token, if it is this application's, in time and not spent. A spent one ends its authorization."""
    token = get_refresh_token(text)
    if token is None or token.authorization.application_id != application.pk:
        return None
    if token.used is not None:
        revoke(token.authorization, "a refresh token was used twice")
        return None
    live = token.expires > timezone.now() and token.authorization.live and _user_enabled(token.authorization)
    return token if live else None


def get_refresh_token(text: str) -> RefreshToken | None:
    """Also one that is spent or expired."""
    return (
        RefreshToken.objects.select_related(
            "authorization__user", "authorization__application__server__deployment"
        )
        .filter(digest=digest_of(text))
        .first()
    )


def spend_refresh_token(token: RefreshToken) -> bool:
    spent = RefreshToken.objects.filter(pk=token.pk, used=None).update(used=timezone.now())
    if not spent:
        revoke(token.authorization, "a refresh token was used twice")
    return bool(spent)


def _user_enabled(authorization: Authorization) -> bool:
    return authorization.user is None or authorization.user.enabled
