"""The endpoints that applications call without a person: token, introspect, revoke, userinfo."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from oauthlib.oauth2 import OAuth2Error

from credentials.models import AuthenticationServer
from smart.claims import RefusedToken
from smart.http import browser_endpoint, form_body, oauth_answer, oauth_error, oauth_headers
from smart.id_tokens import user_claims
from smart.models import Authorization
from smart.protocol.client_authentication import read_presented
from smart.protocol.server import IssuerServer
from smart.scopes import Special
from smart.throttle import Throttle, client_address
from smart.tokens import verify

# Wrong secrets for one application from one address, and wrong codes and tokens alike.
_failures = Throttle("token", limit=30, seconds=60)


def throttled(request: HttpRequest, server: AuthenticationServer, action: str) -> HttpResponse:
    """One of oauthlib's endpoints, by the name of its method; whoever fails too often has to wait."""
    presented = read_presented(request.headers, request.POST.dict())
    subject = (server.deployment_id, presented.client_id, client_address(request))
    if wait := _failures.retry_after(*subject):
        answer: HttpResponse = oauth_error("temporarily_unavailable", "Too many failures. Wait.", 429)
        answer["Retry-After"] = str(wait)
        return answer
    create = getattr(IssuerServer(server), f"create_{action}_response")
    try:
        headers, body, status = create(request.path, "POST", form_body(request), oauth_headers(request))
    except OAuth2Error as error:
        headers, body, status = {}, error.json, error.status_code
    if status == 401 or (status == 400 and "invalid_grant" in body):
        _failures.failed(*subject)
    return oauth_answer(headers, body, status)


@browser_endpoint("POST")
def token(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """RFC 6749, 3.2: a code, a refresh token or a backend service's assertion for an access token."""
    if request.GET:
        return oauth_error("invalid_request", "Parameters belong in the body.")
    return throttled(request, server, "token")


@browser_endpoint("POST")
def introspect(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """RFC 7662."""
    return throttled(request, server, "introspect")


@browser_endpoint("POST")
def revoke(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """RFC 7009: an access or a refresh token; either ends the whole authorization."""
    return throttled(request, server, "revocation")


@browser_endpoint("GET", "POST")
def userinfo(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """OpenID Connect Core, 5.3: who signed in, for an access token with the scope openid."""
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    text = text.strip() if scheme.lower() == "bearer" else request.POST.get("access_token", "")
    claims = verify(text, server.deployment)
    if isinstance(claims, RefusedToken) or not claims.authorization_id:
        return _unauthorized("invalid_token" if text else "")
    if Special.OPENID not in claims.scopes:
        answer = oauth_error("insufficient_scope", "This needs the scope openid.", 403)
        answer["WWW-Authenticate"] = 'Bearer error="insufficient_scope", scope="openid"'
        return answer
    authorization = Authorization.objects.select_related("user").get(pk=claims.authorization_id)
    known = user_claims(authorization.user, claims.scopes) if authorization.user else {}
    answer = JsonResponse({"sub": claims.subject, **known})
    answer["Cache-Control"] = "no-store"
    return answer


def _unauthorized(error: str) -> HttpResponse:
    answer = oauth_error(error or "invalid_request", status=401)
    answer["WWW-Authenticate"] = f'Bearer error="{error}"' if error else "Bearer"
    return answer
