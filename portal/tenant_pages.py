"""What every page of a tenant shows around its content: the tenant, the role, the tabs."""

from typing import Any

from django.urls import reverse

from portal.models import Membership, Role

TABS = (
    ("members", "Members", "portal:members", Role.READ),
    ("usage", "Usage", "portal:usage", Role.READ),
    ("audit", "Audit log", "portal:audit", Role.ADMIN),
    ("notifications", "Notifications", "portal:notifications", Role.ADMIN),
    ("tokens", "Tokens", "portal:tenant-tokens", Role.ADMIN),
    ("settings", "Settings", "portal:settings", Role.ADMIN),
)


def tenant_context(membership: Membership, current: str) -> dict[str, Any]:
    """The context of a tenant's page whose tab is `current`."""
    tenant = membership.tenant
    tabs = [
        {"label": label, "url": reverse(name, args=[tenant.slug]), "current": slug == current}
        for slug, label, name, role in TABS
        if membership.may(role)
    ]
    return {
        "tenant": tenant,
        "membership": membership,
        "may_admin": membership.may(Role.ADMIN),
        "may_own": membership.may(Role.OWNER),
        "tabs": tabs,
    }
