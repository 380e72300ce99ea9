"""Management API tokens: make (shown once), find by text, revoke."""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from portal import audit
from portal.models import ManagementToken, Tenant, User
from portal.services.members import hash_secret

PREFIX = "fsm_"
HINT_LENGTH = 12
USED_AGAIN_AFTER = timedelta(minutes=1)


@transaction.atomic
def create_token(
    user: User, name: str, role: int, *, tenant: Tenant | None, expires: datetime | None
) -> tuple[ManagementToken, str]:
    """The token and its text, which is not kept and cannot be shown again."""
    text = PREFIX + secrets.token_urlsafe(36)
    token = ManagementToken.objects.create(
        user=user,
        tenant=tenant,
        name=name,
        role=role,
        expires=expires,
        hint=text[:HINT_LENGTH],
        secret_hash=hash_secret(text),
    )
    audit.record(
        "token.created",
        tenant=tenant,
        actor=user,
        target=name,
        after={"role": token.get_role_display(), "expires": expires.isoformat() if expires else "never"},
    )
    return token, text


def find_token(text: str) -> ManagementToken | None:
    """The living token with this text. Notes the use, to the minute."""
    if not text.startswith(PREFIX):
        return None
    found = ManagementToken.objects.select_related("user", "tenant").filter(secret_hash=hash_secret(text))
    token = found.first()
    if token is None or token.is_expired or not token.user.is_active:
        return None
    now = timezone.now()
    if token.last_used is None or now - token.last_used > USED_AGAIN_AFTER:
        found.update(last_used=now)
    return token


def list_tenant_tokens(tenant: Tenant) -> QuerySet[ManagementToken]:
    """Those made for this tenant alone, by whichever member."""
    return ManagementToken.objects.filter(tenant=tenant).select_related("user", "tenant")


@transaction.atomic
def revoke_token(token: ManagementToken, *, actor: User) -> None:
    target = token.name if actor == token.user else f"{token.name} of {token.user.email}"
    audit.record("token.revoked", tenant=token.tenant, actor=actor, target=target)
    token.delete()
