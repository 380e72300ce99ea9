"""What a comparison says of a deployment's authentication servers and applications, and how an application is brought over."""

from collections.abc import Iterator

from django.core.exceptions import ValidationError

from credentials.models import ApplicationKind, OAuthApplication
from deployments.comparison import Aspect, Trait
from deployments.models import Deployment
from portal.audit import record
from portal.models import User
from smart import applications
from smart.applications import Registration
from smart.servers import integrated_server, list_servers


def _servers(deployment: Deployment) -> Iterator[Trait]:
    for server in list_servers(deployment):
        yield Trait(server.name, "Integrated" if server.is_integrated else server.issuer)


def _applications(deployment: Deployment) -> Iterator[Trait]:
    found = OAuthApplication.objects.filter(server__deployment=deployment).select_related("server")
    for application in found.order_by("name", "pk"):
        parts = [application.kind.capitalize(), "enabled" if application.enabled else "disabled"]
        parts += application.redirect_uris
        parts.append(application.allowed_scopes)
        yield Trait(application.name, " · ".join(parts), movable=application.server.is_integrated)


def _take_application(source: Deployment, target: Deployment, name: str, by: User) -> None:
    """Register the application as in `source`, or change the target's one of that name; its secret is the target's own."""
    theirs = OAuthApplication.objects.filter(server=integrated_server(source), name=name).first()
    if theirs is None:
        raise ValidationError(f"{name} is no application of {source.name} any more.")
    asked = Registration(
        name=theirs.name,
        kind=ApplicationKind(theirs.kind),
        redirect_uris=theirs.redirect_uris,
        logout_uris=theirs.logout_uris,
        launch_url=theirs.launch_url,
        jwks=theirs.jwks,
        jwks_uri=theirs.jwks_uri,
        allowed_scopes=theirs.allowed_scopes,
        device_flow=theirs.device_flow,
        requests_per_second=theirs.requests_per_second,
    )
    server = integrated_server(target)
    mine = OAuthApplication.objects.filter(server=server, name=name).first()
    if mine is None:
        mine, _ = applications.create_application(server, asked, by=by)
        action = "oauth.application_created"
    else:
        applications.update_application(mine, asked)
        action = "oauth.application_changed"
    if mine.enabled != theirs.enabled:
        applications.set_application_enabled(mine, enabled=theirs.enabled)
    record(
        action, tenant=target.tenant, actor=by, target=f"{target.name}: {mine}", after={"as_in": str(source)}
    )


SERVERS = Aspect("servers", "Authentication servers", _servers)
APPLICATIONS = Aspect("applications", "OAuth applications", _applications, _take_application)
