"""What a comparison says of a deployment's authentication servers and applications, and how an application is brought over."""

from collections.abc import Iterator

from django.core.exceptions import ValidationError

from credentials.models import ApplicationKind, AuthenticationServer, OAuthApplication
from deployments.comparison import Aspect, Trait
from deployments.models import Deployment
from portal.audit import record
from portal.models import User
from smart import applications
from smart.applications import Registration
from smart.server_services import change_integrated, set_server_enabled
from smart.servers import integrated_server, list_servers


def _servers(deployment: Deployment) -> Iterator[Trait]:
    for server in list_servers(deployment):
        state = "on" if server.enabled else "off"
        if server.is_integrated:
            yield Trait(server.name, f"Integrated · {state} · {_lifetimes(server)}", movable=True)
        else:
            audience = server.audience or "the FHIR base"
            claims = f"{server.scope_claim}, {server.patient_claim}, {server.fhir_user_claim}"
            yield Trait(server.name, f"{server.issuer} · {state} · audience {audience} · claims {claims}")


def _lifetimes(server: AuthenticationServer) -> str:
    minutes, days = server.access_token_lifetime // 60, server.refresh_token_lifetime // 86_400
    registers = "register themselves" if server.registration_open else "are registered by hand"
    return f"tokens of {minutes} minutes and {days} days · applications {registers}"


def _take_server(source: Deployment, target: Deployment, name: str, by: User) -> None:
    """The integrated server's settings: an identity provider is checked where it is added."""
    theirs, mine = integrated_server(source), integrated_server(target)
    change_integrated(
        mine,
        access_token_lifetime=theirs.access_token_lifetime,
        refresh_token_lifetime=theirs.refresh_token_lifetime,
        registration_open=theirs.registration_open,
        by=by,
    )
    if mine.enabled != theirs.enabled:
        set_server_enabled(mine, enabled=theirs.enabled, by=by)


def _applications(deployment: Deployment) -> Iterator[Trait]:
    found = OAuthApplication.objects.filter(server__deployment=deployment).select_related("server")
    for application in found.order_by("name", "pk"):
        parts = [application.kind.capitalize(), "enabled" if application.enabled else "disabled"]
        parts += application.redirect_uris
        parts.append(application.allowed_scopes)
        parts += _details(application)
        yield Trait(application.name, " · ".join(parts), movable=application.server.is_integrated)


def _details(application: OAuthApplication) -> Iterator[str]:
    """What only some applications have."""
    if application.logout_uris:
        yield f"signs out to {', '.join(application.logout_uris)}"
    if application.launch_url:
        yield f"launched at {application.launch_url}"
    if application.jwks_uri:
        yield f"keys at {application.jwks_uri}"
    if application.jwks:
        kids = [str(key.get("kid", "without a name")) for key in application.jwks.get("keys", [])]
        yield f"keys {', '.join(kids)}"
    if application.device_flow:
        yield "devices may connect"
    if application.requests_per_second:
        yield f"{application.requests_per_second} requests a second"


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


SERVERS = Aspect("servers", "Authentication servers", _servers, _take_server)
APPLICATIONS = Aspect("applications", "OAuth applications", _applications, _take_application)
