"""Where a deployment's authorization server lives. One issuer a deployment: nothing of one is good at another."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

ENDPOINTS = (
    *("authorize", "token", "device_authorization", "introspect", "revoke", "register"),
    *("userinfo", "jwks", "logout"),
)


def issuer(deployment_id: str) -> str:
    return f"{settings.PUBLIC_URL.rstrip('/')}/auth/{deployment_id}"


def endpoint(deployment_id: str, name: str) -> str:
    return f"{issuer(deployment_id)}/{name}"


def fhir_base(deployment_id: str) -> str:
    """The audience of access tokens."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/fhir/{deployment_id}/r4"


def is_own_base(audience: str, deployment_id: str, request: HttpRequest | None = None) -> bool:
    """Whether an application's `aud` means this deployment, by the public address or the one it reached us by."""
    here = {fhir_base(deployment_id)}
    if request is not None:
        here.add(request.build_absolute_uri(f"/fhir/{deployment_id}/r4"))
    return audience.rstrip("/") in here


def origin_of(url: str) -> str:
    """The origin (scheme, host, port) as browsers write it; empty when there is none."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""


def trial_callback(deployment_id: str) -> str:
    """Where the portal's own “Try it” comes back. Every application of the deployment may use it."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/deployments/{deployment_id}/oauth/try/"
