"""What a token is worth: RFC 7662, with the fields that SMART adds."""

from typing import Any

from django.utils import timezone

from credentials.models import AuthenticationServer
from smart.addresses import fhir_base, issuer
from smart.claims import RefusedToken
from smart.models import Authorization
from smart.protocol.redemption import get_refresh_token
from smart.scopes import Special
from smart.tokens import subject, verify, verify_signed
from smart.unverified import read_unverified


def describe_token(token: str, server: AuthenticationServer) -> dict[str, Any] | None:
    """The claims of a live access or refresh token of this server; None: not active."""
    if token.count(".") != 2:
        return _describe_refresh_token(token, server)
    claims = verify(token, server.deployment)
    if isinstance(claims, RefusedToken) or not claims.authorization_id:
        return None
    authorization = Authorization.objects.select_related("user").get(pk=claims.authorization_id)
    answer = _describe(authorization, server) | {
        "scope": str(claims.scopes),
        "client_id": claims.client_id,
        "token_type": "Bearer",
        "exp": claims.expires,
        "iat": claims.issued,
        "nbf": claims.issued,
        "jti": claims.token_id,
    }
    if claims.fhir_user and Special.FHIR_USER in claims.scopes:
        answer["fhirUser"] = f"{fhir_base(server.deployment_id)}/{claims.fhir_user}"
    return answer


def find_authorization(token: str, server: AuthenticationServer) -> Authorization | None:
    """Whose token this is, if this server issued it."""
    if token.count(".") == 2:
        unverified = read_unverified(token)
        if isinstance(unverified, RefusedToken):
            return None
        claims = verify_signed(unverified, server.deployment_id)
        if isinstance(claims, RefusedToken):
            return None
        return Authorization.objects.filter(pk=claims.authorization_id, application__server=server).first()
    refresh = get_refresh_token(token)
    if refresh is None or refresh.authorization.application.server_id != server.pk:
        return None
    return refresh.authorization


def _describe_refresh_token(token: str, server: AuthenticationServer) -> dict[str, Any] | None:
    refresh = get_refresh_token(token)
    if refresh is None or refresh.used is not None or refresh.expires <= timezone.now():
        return None
    authorization = refresh.authorization
    application = authorization.application
    if application.server_id != server.pk or not application.enabled or not authorization.live:
        return None
    return _describe(authorization, server) | {
        "scope": authorization.scopes,
        "client_id": application.client_id,
        "token_type": "refresh_token",
        "exp": int(refresh.expires.timestamp()),
        "iat": int(refresh.created.timestamp()),
    }


def _describe(authorization: Authorization, server: AuthenticationServer) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "iss": issuer(server.deployment_id),
        "aud": fhir_base(server.deployment_id),
        "sub": subject(authorization),
    }
    if authorization.user is not None:
        answer["username"] = authorization.user.username
    if authorization.patient:
        answer["patient"] = authorization.patient
    if authorization.encounter:
        answer["encounter"] = authorization.encounter
    return answer
