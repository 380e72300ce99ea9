"""What can be done to OAuth applications. A client secret's text is returned once, by `create_…` and `rotate_…`."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from credentials.models import ApplicationKind, AuthenticationServer, ClientSecret, OAuthApplication
from fhirserver.search.service import problem_with_query
from fhirspec.catalogue import get_catalogue
from portal.models import User
from smart.origins import forget_origins
from smart.redirects import problem_with_address
from smart.remote_keys import read_keys
from smart.scopes import EVERY_TYPE, InvalidScope, Level, ResourceScope, Scopes, Special, parse_scopes

MAX_LIVE_SECRETS = 2
LONGEST_OVERLAP = timedelta(days=30)
_NEEDS_PERSON = frozenset(Special)


@dataclass(frozen=True, slots=True)
class Registration:
    """What is asked for an application; `client_id` only for applications of an external server."""

    name: str
    kind: ApplicationKind
    redirect_uris: list[str] = field(default_factory=list)
    logout_uris: list[str] = field(default_factory=list)
    launch_url: str = ""
    jwks: dict[str, Any] | None = None
    jwks_uri: str = ""
    allowed_scopes: str = ""
    device_flow: bool = False
    requests_per_second: int | None = None
    client_id: str = ""


def hash_client_secret(text: str) -> str:
    """One SHA-256 is enough: the secrets are ours and have 256 random bits."""
    return hashlib.sha256(text.encode()).hexdigest()


@transaction.atomic
def create_application(
    server: AuthenticationServer, asked: Registration, *, by: User | None, self_registered: bool = False
) -> tuple[OAuthApplication, str]:
    """The application, and its secret's text: empty for those without one. Raises ValidationError by field."""
    scopes = check_registration(asked, integrated=server.is_integrated)
    application = OAuthApplication(server=server, created_by=by, self_registered=self_registered)
    if not server.is_integrated:
        application.client_id = asked.client_id.strip()
    _apply(application, asked, scopes)
    needs_secret = server.is_integrated and not application.is_public and not application.has_keys
    return application, _add_secret(application) if needs_secret else ""


@transaction.atomic
def update_application(application: OAuthApplication, asked: Registration) -> None:
    """Everything but the client id. Raises ValidationError by field."""
    scopes = check_registration(asked, integrated=application.server.is_integrated)
    _apply(application, asked, scopes)


def check_registration(asked: Registration, *, integrated: bool) -> Scopes:
    """Raises ValidationError with one entry a field that is wrong; returns the scopes it may ask for."""
    problems: dict[str, list[str]] = {}
    if integrated:
        _check_addresses(asked, problems)
        _check_keys(asked, problems)
    elif not asked.client_id.strip():
        problems["client_id"] = ["Enter the client id that the identity provider gave the application."]
    scopes = Scopes()
    try:
        scopes = parse_scopes(asked.allowed_scopes)
        _check_scopes(asked, scopes)
    except InvalidScope as refused:
        problems["allowed_scopes"] = [str(refused)]
    if problems:
        raise ValidationError(problems)
    return scopes


def _check_addresses(asked: Registration, problems: dict[str, list[str]]) -> None:
    for name, addresses in (("redirect_uris", asked.redirect_uris), ("logout_uris", asked.logout_uris)):
        for address in addresses:
            if problem := problem_with_address(address, app_schemes=asked.kind == ApplicationKind.PUBLIC):
                problems.setdefault(name, []).append(f"{address[:200]} {problem}")
    if asked.kind == ApplicationKind.BACKEND:
        if asked.redirect_uris:
            problems["redirect_uris"] = ["A backend service has no person to send back."]
        if asked.device_flow:
            problems["device_flow"] = ["A backend service has no person to ask."]
    elif not asked.redirect_uris and not asked.device_flow:
        problems["redirect_uris"] = ["Enter the address to which people come back after signing in."]
    if asked.launch_url and (problem := problem_with_address(asked.launch_url)):
        problems["launch_url"] = [f"It {problem}"]


def _check_keys(asked: Registration, problems: dict[str, list[str]]) -> None:
    if asked.jwks_uri and (problem := problem_with_address(asked.jwks_uri)):
        problems["jwks_uri"] = [f"It {problem}"]
    if asked.jwks and asked.jwks_uri:
        problems["jwks_uri"] = ["Give either the keys or their address."]
    if asked.jwks is not None:
        if any(key.is_private for key in read_keys(asked.jwks)):
            problems["jwks"] = [
                "These are private keys. Keep them, make new ones, and paste only the public parts."
            ]
        elif not read_keys(asked.jwks):
            problems["jwks"] = [
                'There is no RSA or EC key for signatures in it. Paste a JWKS: {"keys": […]}.'
            ]
    if asked.kind == ApplicationKind.PUBLIC and (asked.jwks or asked.jwks_uri):
        problems["jwks"] = ["A public application cannot keep a private key. Choose confidential."]


def _check_scopes(asked: Registration, scopes: Scopes) -> None:
    if not scopes:
        raise InvalidScope("Add at least one scope.")
    for place, scope in enumerate(scopes, start=1):
        personal = scope in _NEEDS_PERSON or (
            not isinstance(scope, Special) and scope.level is not Level.SYSTEM
        )
        if asked.kind == ApplicationKind.BACKEND and personal:
            raise InvalidScope(
                f"Scope {place}: “{scope}” needs a person: a backend service has only system/ scopes."
            )
        if asked.kind != ApplicationKind.BACKEND and not personal:
            raise InvalidScope(f"Scope {place}: “{scope}” is only for backend services.")
        if isinstance(scope, ResourceScope) and (fault := problem_with_restriction(scope)):
            raise InvalidScope(f"Scope {place}: {fault}")


def problem_with_restriction(scope: ResourceScope) -> str:
    """Why the search of a version 2 scope could not be applied to its type; empty when it can, or there is none."""
    types = get_catalogue().resource_types if scope.resource_type == EVERY_TYPE else (scope.resource_type,)
    query = sorted(scope.filters)
    problems = [problem_with_query(one, query) for one in types] if query else [""]
    return "" if "" in problems else f"“{scope}”: {problems[0]}"


def _apply(application: OAuthApplication, asked: Registration, scopes: Scopes) -> None:
    application.name = asked.name.strip()
    application.kind = asked.kind
    application.redirect_uris = list(dict.fromkeys(asked.redirect_uris))
    application.logout_uris = list(dict.fromkeys(asked.logout_uris))
    application.launch_url = asked.launch_url
    application.jwks = asked.jwks
    application.jwks_uri = asked.jwks_uri
    application.allowed_scopes = str(scopes)
    application.device_flow = asked.device_flow
    application.requests_per_second = asked.requests_per_second
    application.full_clean(exclude=["created_by"])
    application.save()
    forget_origins()


@transaction.atomic
def rotate_client_secret(application: OAuthApplication, *, overlap: timedelta) -> str:
    """A second secret; those before it work for `overlap` longer. Returns the new text. Raises ValidationError."""
    application = OAuthApplication.objects.select_for_update().get(pk=application.pk)
    if application.is_public or application.has_keys:
        raise ValidationError("This application has no secret.")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise ValidationError(f"The old secret may work for {LONGEST_OVERLAP.days} days at most.")
    live = [secret for secret in application.secrets.all() if not secret.expired]
    if overlap and len(live) >= MAX_LIVE_SECRETS:
        raise ValidationError("There are two live secrets already. End the older one first.")
    for secret in live:
        end_client_secret(secret, after=overlap)
    return _add_secret(application)


def end_client_secret(secret: ClientSecret, *, after: timedelta = timedelta(0)) -> None:
    """The secret stops working then, or earlier if that was settled before."""
    end = timezone.now() + after
    if secret.expires is None or secret.expires > end:
        secret.expires = end
        secret.save(update_fields=["expires"])


def set_application_enabled(application: OAuthApplication, *, enabled: bool) -> None:
    """A disabled application's tokens stop working within a second; enabling it makes them work again."""
    application.enabled = enabled
    application.save(update_fields=["enabled"])
    forget_origins()


def _add_secret(application: OAuthApplication) -> str:
    text = secrets.token_urlsafe(32)
    ClientSecret.objects.create(application=application, digest=hash_client_secret(text), hint=text[-4:])
    return text
