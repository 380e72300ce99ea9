"""Tenants: create, rename, transfer, require two-step sign-in, delete and restore."""

import secrets
from datetime import timedelta

from allauth.mfa.utils import is_mfa_enabled
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.text import slugify

from portal import audit
from portal.models import Membership, Role, Tenant, User
from portal.services.refusals import Refused
from portal.signals import tenant_deleted

KEPT_AFTER_DELETION = timedelta(days=30)


def create_tenant(name: str, *, owner: User) -> Tenant:
    """A new tenant with `owner` as its owner. The slug comes from the name, with a suffix where it is taken."""
    base = slugify(name)[:50].strip("-") or "tenant"
    slug = base
    for _ in range(8):
        try:
            with transaction.atomic():
                tenant = Tenant.objects.create(name=name, slug=slug)
                Membership.objects.create(tenant=tenant, user=owner, role=Role.OWNER)
                audit.record("tenant.created", tenant=tenant, actor=owner, target=name)
                return tenant
        except IntegrityError:
            slug = f"{base}-{secrets.token_hex(3)}"
    raise Refused("No free address was found for this name; choose another.")


def create_default_tenant(user: User) -> Tenant:
    """The tenant that each new account starts with; an account that already has one keeps it."""
    existing = Tenant.objects.filter(memberships__user=user).first()
    return existing or create_tenant(f"{user.get_short_name()}'s tenant", owner=user)


@transaction.atomic
def rename_tenant(tenant: Tenant, name: str, *, actor: User) -> None:
    """Change the name; the slug, and with it every address, stays."""
    before = tenant.name
    tenant.name = name
    tenant.save(update_fields=["name"])
    audit.record(
        "tenant.renamed",
        tenant=tenant,
        actor=actor,
        target=name,
        before={"name": before},
        after={"name": name},
    )


@transaction.atomic
def require_mfa(tenant: Tenant, required: bool, *, actor: User) -> None:
    """Whether members must have two-step sign-in to open the tenant's pages."""
    if required and not is_mfa_enabled(actor):
        raise Refused("Set up two-step sign-in for yourself first, or you would lock yourself out.")
    before = tenant.requires_mfa
    tenant.requires_mfa = required
    tenant.save(update_fields=["requires_mfa"])
    audit.record(
        "tenant.mfa_rule_changed",
        tenant=tenant,
        actor=actor,
        target=tenant.name,
        before={"requires_mfa": before},
        after={"requires_mfa": required},
    )


@transaction.atomic
def transfer_tenant(tenant: Tenant, to: Membership, *, actor: Membership) -> None:
    """Make another member the owner; the one who gave it stays as administrator."""
    if to.tenant_id != tenant.pk or to.pk == actor.pk:
        raise Refused("Choose another member of this tenant.")
    to.role, actor.role = Role.OWNER, Role.ADMIN
    to.save(update_fields=["role"])
    actor.save(update_fields=["role"])
    audit.record(
        "tenant.transferred",
        tenant=tenant,
        actor=actor.user,
        target=to.user.email,
        before={"owner": actor.user.email},
        after={"owner": to.user.email},
    )


@transaction.atomic
def delete_tenant(tenant: Tenant, *, actor: User) -> None:
    """Hide the tenant at once; it is removed with its data when the grace period is over."""
    tenant.deleted = timezone.now()
    tenant.save(update_fields=["deleted"])
    audit.record("tenant.deleted", tenant=tenant, actor=actor, target=tenant.name)
    tenant_deleted.send(Tenant, tenant=tenant)


@transaction.atomic
def restore_tenant(tenant: Tenant, *, actor: User) -> None:
    """Take back a deletion within the grace period; its deployments stay stopped until someone starts them."""
    if tenant.deleted is None or timezone.now() >= tenant.deleted + KEPT_AFTER_DELETION:
        raise Refused("This tenant cannot be restored any more.")
    tenant.deleted = None
    tenant.save(update_fields=["deleted"])
    audit.record("tenant.restored", tenant=tenant, actor=actor, target=tenant.name)


def purge_tenant(tenant: Tenant) -> None:
    """Remove the tenant with its members, invitations, subscriptions and audit log, after the grace period."""
    name = tenant.name
    tenant.delete()
    audit.record("tenant.purged", tenant=None, actor=None, target=name)
