"""The authentication servers of a deployment."""

from django.db.models import Q, QuerySet

from credentials.models import AuthenticationServer, OAuthApplication, ServerKind
from deployments.models import Deployment


def integrated_server(deployment: Deployment) -> AuthenticationServer:
    """The deployment's own authorization server; every deployment has one."""
    server, _ = AuthenticationServer.objects.select_related("deployment").get_or_create(
        deployment=deployment, kind=ServerKind.INTEGRATED, defaults={"name": "Integrated server"}
    )
    return server


def list_servers(deployment: Deployment) -> QuerySet[AuthenticationServer]:
    """The integrated one first."""
    integrated_server(deployment)
    found = AuthenticationServer.objects.filter(deployment=deployment).select_related("deployment__tenant")
    return found.prefetch_related("applications")


def find_application(server: AuthenticationServer, client_id: str) -> OAuthApplication | None:
    """Also a disabled one."""
    return server.applications.select_related("server__deployment").filter(client_id=client_id).first()


def list_applications(deployment: Deployment) -> QuerySet[OAuthApplication]:
    return (
        OAuthApplication.objects.filter(server__deployment=deployment)
        .select_related("server")
        .prefetch_related("secrets")
    )


def find_applications(deployment: Deployment, asked: str) -> QuerySet[OAuthApplication]:
    """All, or those whose name or client id holds what is asked for."""
    found = list_applications(deployment)
    return found.filter(Q(name__icontains=asked) | Q(client_id__icontains=asked)) if asked else found
