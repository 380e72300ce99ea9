"""What a person's applications may do: for the page on which it is seen and taken back."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from credentials.models import OAuthApplication, ServerUser
from smart.models import Authorization
from smart.protocol.redemption import revoke
from smart.scope_words import Words, describe_scope
from smart.scopes import Scope, Special, read_scopes


@dataclass(slots=True)
class Connection:
    """All live authorizations of one application by one person, taken together."""

    application: OAuthApplication
    since: datetime
    last_used: datetime | None = None
    scopes: dict[Scope, None] = field(default_factory=dict)
    patients: list[str] = field(default_factory=list)

    @property
    def words(self) -> list[Words]:
        return [describe_scope(scope) for scope in self.scopes if scope is not Special.LAUNCH]


def live_authorizations(user: ServerUser) -> list[Authorization]:
    """Those that still can do something: a token not yet expired, or a refresh token left."""
    now = timezone.now()
    refreshable = Q(refresh_tokens__used=None, refresh_tokens__expires__gt=now)
    candidates = (
        Authorization.objects.filter(user=user, revoked=None, code__redeemed__isnull=False)
        .select_related("application__server")
        .distinct()
    )
    kept = set(candidates.filter(refreshable).values_list("pk", flat=True))
    return [one for one in candidates if one.pk in kept or _token_lives(one, now)]


def list_connections(user: ServerUser) -> list[Connection]:
    """By application, the newest first."""
    found: dict[int, Connection] = {}
    for one in live_authorizations(user):
        connection = found.setdefault(one.application_id, Connection(one.application, one.created))
        connection.since = min(connection.since, one.created)
        if one.last_used_at is not None:
            connection.last_used = max(connection.last_used or one.last_used_at, one.last_used_at)
        connection.scopes |= dict.fromkeys(read_scopes(one.scopes))
        if one.patient and one.patient not in connection.patients:
            connection.patients.append(one.patient)
    return list(found.values())


def disconnect(user: ServerUser, application_id: int) -> int:
    """Everything that the person allowed this application ends now. Returns how many authorizations that were."""
    live = Authorization.objects.filter(user=user, application_id=application_id, revoked=None)
    for authorization in (ended := list(live)):
        revoke(authorization, "the person disconnected it")
    return len(ended)


def _token_lives(authorization: Authorization, now: datetime) -> bool:
    lifetime = authorization.application.server.access_token_lifetime
    return (now - authorization.created).total_seconds() < lifetime + 60
