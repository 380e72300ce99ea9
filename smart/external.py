"""Access tokens of an external identity provider: checked against its keys and the deployment's configuration of it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError

from credentials.models import AuthenticationServer, OAuthApplication, ServerKind
from deployments.models import Deployment
from smart.addresses import fhir_base
from smart.claims import RefusedToken, SignedClaims, TokenProblem
from smart.remote_keys import KeysUnavailable, key_of
from smart.scopes import Scopes, intersect, read_scopes
from smart.unverified import UnverifiedToken, check_times

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
# Where providers say which application a token was issued to, the standard name first.
_CLIENT_CLAIMS = ("client_id", "azp", "cid", "appid")


def verify_external(token: UnverifiedToken, deployment: Deployment) -> SignedClaims | RefusedToken:
    """The same promise as `smart.tokens.verify`, for a token that another issuer signed."""
    server = AuthenticationServer.objects.filter(
        deployment=deployment, kind=ServerKind.EXTERNAL, issuer=token.issuer
    ).first()
    if server is None:
        return RefusedToken(
            TokenProblem.UNKNOWN_ISSUER, "iss", "an issuer of this deployment", token.issuer[:200]
        )
    if not server.enabled:
        return RefusedToken(TokenProblem.SERVER_DISABLED, "iss", received=token.issuer[:200])
    checked = check_signature(token, server)
    if isinstance(checked, RefusedToken):
        return checked
    if (wrong := check_claims(checked, server)) is not None:
        return wrong
    return check_application(checked, server)


def check_signature(token: UnverifiedToken, server: AuthenticationServer) -> dict[str, Any] | RefusedToken:
    """The claims of a token that one of the server's keys signed. A key is only used for its own kind of algorithm."""
    algorithm, kid = str(token.header.get("alg")), token.header.get("kid")
    if algorithm not in ALGORITHMS:
        return RefusedToken(TokenProblem.ALGORITHM, "alg", ", ".join(ALGORITHMS), algorithm[:40])
    try:
        key = key_of(server.jwks_uri, str(kid) if kid is not None else None)
    except KeysUnavailable as error:
        return RefusedToken(
            TokenProblem.KEYS_UNAVAILABLE, expected=server.jwks_uri, received=str(error)[:200]
        )
    if key is None:
        return RefusedToken(TokenProblem.UNKNOWN_KEY, "kid", "a key of the issuer", str(kid)[:80])
    try:
        return dict(jwt.decode(token.text, key, algorithms=list(ALGORITHMS)).claims)
    except (JoseError, ValueError, TypeError):
        return RefusedToken(TokenProblem.SIGNATURE, expected="a signature by the issuer's key")


def check_claims(claims: Mapping[str, Any], server: AuthenticationServer) -> RefusedToken | None:
    """Issuer, audience and times."""
    if claims.get("iss") != server.issuer:
        return RefusedToken(TokenProblem.CLAIM, "iss", server.issuer, str(claims.get("iss"))[:200])
    expected = server.audience or fhir_base(server.deployment_id)
    audience = claims.get("aud")
    if expected not in (audience if isinstance(audience, list) else [audience]):
        return RefusedToken(TokenProblem.AUDIENCE, "aud", expected, str(audience)[:200], client_of(claims))
    wrong = check_times(claims, server.leeway)
    return replace(wrong, client_id=client_of(claims)) if wrong else None


def client_of(claims: Mapping[str, Any]) -> str:
    return next((str(claims[name])[:200] for name in _CLIENT_CLAIMS if claims.get(name)), "")


def scopes_of(claims: Mapping[str, Any], server: AuthenticationServer) -> Scopes:
    """From the configured claim, a string or a list; else from `scp`, as some providers call it."""
    value = claims.get(server.scope_claim) or claims.get("scp") or ""
    return read_scopes(" ".join(map(str, value)) if isinstance(value, list) else str(value))


def logical_id(value: object, resource_type: str) -> str:
    """`123`, `Patient/123` and `https://…/Patient/123` all name 123."""
    text = str(value or "").rstrip("/")
    head, slash, tail = text.rpartition("/")
    return tail if not slash or head.rpartition("/")[2] == resource_type else ""


def fhir_user_of(value: object) -> str:
    """`Type/id` of a relative or absolute reference; empty when it is none."""
    parts = str(value or "").rstrip("/").split("/")
    return "/".join(parts[-2:]) if len(parts) >= 2 and parts[-2].isalpha() else ""


def check_application(claims: dict[str, Any], server: AuthenticationServer) -> SignedClaims | RefusedToken:
    """The last check: the application is registered here and enabled. What it may have bounds what the token lets do."""
    client_id = client_of(claims)
    application = OAuthApplication.objects.filter(server=server, client_id=client_id).first()
    if application is None:
        return RefusedToken(
            TokenProblem.CLAIM, "client_id", "an application registered here", client_id, client_id
        )
    if not application.enabled:
        return RefusedToken(TokenProblem.APPLICATION_DISABLED, client_id=client_id)
    return SignedClaims(
        issuer=server.issuer,
        subject=str(claims.get("sub", "")),
        client_id=client_id,
        scopes=intersect(scopes_of(claims, server), read_scopes(application.allowed_scopes)),
        expires=int(claims["exp"]),
        issued=int(claims.get("iat", 0)),
        token_id=str(claims.get("jti", ""))[:200],
        patient=logical_id(claims.get(server.patient_claim), "Patient"),
        fhir_user=fhir_user_of(claims.get(server.fhir_user_claim)),
        application_id=application.pk,
        requests_per_second=application.requests_per_second or 0,
        claims=claims,
    )
