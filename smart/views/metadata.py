"""Discovery and keys: open to everybody."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from credentials.models import AuthenticationServer
from smart.discovery import openid_configuration
from smart.http import browser_endpoint
from smart.keys import public_jwks


@browser_endpoint("GET", "HEAD", anybody=True)
def configuration(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """/.well-known/openid-configuration, and the same for RFC 8414."""
    answer = JsonResponse(openid_configuration(server))
    answer["Cache-Control"] = "public, max-age=60"
    return answer


@browser_endpoint("GET", "HEAD", anybody=True)
def jwks(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """RFC 7517: the public keys by which this server signs."""
    answer = JsonResponse(public_jwks(server.deployment_id), content_type="application/jwk-set+json")
    answer["Cache-Control"] = "public, max-age=60"
    return answer
