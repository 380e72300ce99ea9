"""The control plane's audit log: `record` is called by each service that changes something."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser

from portal.models import AuditEvent, Tenant, User


def record(
    action: str,
    *,
    tenant: Tenant | None,
    actor: User | AnonymousUser | None,
    target: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write down that `actor` did `action` (as "member.role_changed") to `target`; None is Fireside itself.

    `before` and `after` hold the changed fields, as JSON values. Never pass a secret.
    """
    known = actor if isinstance(actor, User) else None
    return AuditEvent.objects.create(
        tenant=tenant,
        actor=known,
        actor_name=known.email if known else "Fireside",
        action=action,
        target=target[:254],
        before=dict(before or {}),
        after=dict(after or {}),
    )
