"""What can be done to the authentication servers of a deployment: check and save an identity provider, settings, switch, delete."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from credentials.models import AuthenticationServer
from deployments.models import Deployment
from portal.models import User
from portal.services.refusals import Refused
from smart.keys import rotate_signing_key
from smart.origins import forget_origins
from smart.preflight import Findings, check_introspection, check_provider, check_token
from smart.trail import note_change


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What is asked for an identity provider. `introspection_secret` empty: the one that is stored, if there is one."""

    name: str
    issuer: str
    audience: str = ""
    scope_claim: str = "scope"
    patient_claim: str = "patient"
    fhir_user_claim: str = "fhirUser"
    introspection_client_id: str = ""
    introspection_secret: str = ""
    leeway: int = 30


def check_server(server: AuthenticationServer, asked: ProviderSettings, token: str = "") -> Findings:
    """Puts the settings on `server`, without saving it, and checks them rule by rule; `token` is kept nowhere."""
    for name in ProviderSettings.__slots__:
        if name != "introspection_secret":
            setattr(server, name, getattr(asked, name))
    if asked.introspection_secret or not asked.introspection_client_id:
        server.introspection_secret = asked.introspection_secret
    findings = check_provider(server.issuer)
    server.metadata, server.jwks_uri = findings.metadata, str(findings.metadata.get("jwks_uri", ""))
    if server.introspection_client_id and findings.metadata:
        check_introspection(server, findings)
    if token and findings.good:
        check_token(token, server, findings)
    return findings


def save_server(server: AuthenticationServer, *, by: User) -> None:
    """After `check_server` found nothing wrong. Raises ValidationError when the deployment has this issuer already."""
    try:
        with transaction.atomic():
            server.save()
    except IntegrityError as error:
        raise ValidationError({"issuer": ["This issuer is configured already."]}) from error
    note_change(server.deployment, "server_saved", server.issuer, by=by)


@transaction.atomic
def change_integrated(
    server: AuthenticationServer,
    *,
    access_token_lifetime: int,
    refresh_token_lifetime: int,
    registration_open: bool,
    by: User,
) -> None:
    """Lifetimes (seconds) of tokens that are issued from now on, and whether applications may register themselves."""
    server.access_token_lifetime = access_token_lifetime
    server.refresh_token_lifetime = refresh_token_lifetime
    server.registration_open = registration_open
    server.save(update_fields=["access_token_lifetime", "refresh_token_lifetime", "registration_open"])
    note_change(server.deployment, "server_changed", server.name, by=by)


@transaction.atomic
def renew_signing_key(deployment: Deployment, *, by: User) -> str:
    """A new key signs from now on, the old one stays published for a day. Returns its name (kid)."""
    key = rotate_signing_key(deployment)
    note_change(deployment, "key_rotated", key.kid, by=by)
    return key.kid


@transaction.atomic
def set_server_enabled(server: AuthenticationServer, *, enabled: bool, by: User) -> None:
    """While it is off, none of its tokens is accepted."""
    server.enabled = enabled
    server.save(update_fields=["enabled"])
    note_change(server.deployment, "server_switched", server.name, by=by)
    forget_origins()


@transaction.atomic
def delete_server(server: AuthenticationServer, *, by: User) -> None:
    """With the applications that are registered for it. Raises Refused for the integrated one."""
    if server.is_integrated:
        raise Refused("Every deployment keeps its integrated server. Switch it off instead.")
    note_change(server.deployment, "server_deleted", server.issuer, by=by)
    server.delete()
    forget_origins()
