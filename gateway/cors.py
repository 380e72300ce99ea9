"""Cross-origin requests of browser applications (https://fetch.spec.whatwg.org/#http-cors-protocol).

No cookie ever counts at a FHIR endpoint, so only the origins decide: metadata and discovery are open to all,
everything else to FHIR_CORS_ORIGINS, to the deployment's allowed origins and to those that the deployment's applications registered.
"""

from django.conf import settings

from fhirserver.http import FhirResponse
from fhirserver.interactions.patch import PATCH_TYPES
from gateway.endpoints import endpoints
from gateway.inbound import Inbound
from smart.origins import registered_origins

_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_REQUEST_HEADERS = (
    "accept, authorization, content-type, if-match, if-modified-since, if-none-exist, if-none-match, prefer,"
    " x-api-key, x-request-id, x-security-context"
)
_EXPOSED = (
    "Content-Disposition, Content-Location, ETag, Last-Modified, Location, Retry-After, WWW-Authenticate,"
    " X-Correlation-Id, X-Progress, X-Request-Id, X-Security-Context"
)


def allowed_origin(request: Inbound, is_open: bool) -> str:
    """What Access-Control-Allow-Origin must say; empty: nothing."""
    if is_open:
        return "*"
    origin = request.origin
    allowed: list[str] = settings.FHIR_CORS_ORIGINS
    endpoint = endpoints.get(request.deployment_id)
    own = endpoint.allowed_origins if endpoint else frozenset()
    known = (
        origin in allowed
        or origin.lower() in own
        or origin.lower() in registered_origins(request.deployment_id)
    )
    return origin if known else ""


def cross_origin_headers(request: Inbound, is_open: bool) -> dict[str, str]:
    origin = allowed_origin(request, is_open)
    if not origin:
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": _EXPOSED,
        "Vary": "Origin",
    }


def preflight(request: Inbound, is_open: bool) -> FhirResponse:
    """The answer to OPTIONS, with or without an origin."""
    headers = {"Allow": _METHODS, "Accept-Patch": ", ".join(PATCH_TYPES)}
    if request.origin and allowed_origin(request, is_open):
        headers |= {
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _REQUEST_HEADERS,
            "Access-Control-Max-Age": "600",
        }
    return FhirResponse(204, headers)
