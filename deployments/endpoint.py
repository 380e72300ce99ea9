"""The FHIR endpoint of a deployment: where it is, and whether it answers as it should."""

from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.core.servers.basehttp import get_internal_wsgi_application

from deployments.models import Deployment


class EndpointFault(Exception):
    """The endpoint did not answer as it should; the text says how it answered."""


def fhir_base(deployment: Deployment) -> str:
    """The base URL under which clients reach the deployment, without trailing slash."""
    return f"{settings.PUBLIC_URL}/fhir/{deployment.pk}/r4"


def oauth_issuer(deployment: Deployment) -> str:
    return f"{settings.PUBLIC_URL}/auth/{deployment.pk}"


def _get_metadata(deployment: Deployment) -> httpx.Response:
    """Through the product's own WSGI application, so the same door as any client's, in this process."""
    transport = httpx.WSGITransport(app=get_internal_wsgi_application(), raise_app_exceptions=False)
    headers = {
        "Accept": "application/fhir+json",
        "X-Forwarded-Proto": urlsplit(settings.PUBLIC_URL).scheme,
    }
    with httpx.Client(transport=transport) as client:
        return client.get(f"{fhir_base(deployment)}/metadata", headers=headers)


def check_answers(deployment: Deployment) -> None:
    """Raises EndpointFault unless `/metadata` gives this server's CapabilityStatement."""
    response = _get_metadata(deployment)
    if response.status_code != httpx.codes.OK:
        raise EndpointFault(f"/metadata answered with status {response.status_code}.")
    if response.json().get("resourceType") != "CapabilityStatement":
        raise EndpointFault("/metadata did not answer with a CapabilityStatement.")


def check_refuses(deployment: Deployment) -> None:
    """Raises EndpointFault unless the endpoint says that it is stopped."""
    response = _get_metadata(deployment)
    if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
        raise EndpointFault(f"The stopped endpoint answered with status {response.status_code}.")
