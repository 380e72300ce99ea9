"""Members and invitations: invite, resend, withdraw, accept; change a role, remove, leave."""

import hashlib
import secrets
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from portal import audit
from portal.mail import subject_of
from portal.models import Invitation, ManagementToken, Membership, Role, Tenant, User
from portal.services.refusals import Refused


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _send(invitation: Invitation, secret: str) -> None:
    """Raises Refused when the mail server does not take it: within a transaction, so that then nothing is changed."""
    context = {
        "invitation": invitation,
        "url": settings.PUBLIC_URL + reverse("portal:invitation", args=[secret]),
    }
    text = render_to_string("portal/mail/invitation.txt", context)
    try:
        send_mail(subject_of(f"Join {invitation.tenant.name} on Fireside"), text, None, [invitation.email])
    except (SMTPException, OSError) as error:
        raise Refused(
            f"The invitation could not be mailed to {invitation.email}: {error}. Nothing was changed; try again later."
        ) from error


def _may_grant(actor: Membership, role: int) -> None:
    if role > actor.role:
        raise Refused("You cannot give a role above your own.")


def create_invitation(tenant: Tenant, email: str, role: int, *, actor: Membership) -> Invitation:
    """Ask someone by mail to join. Raises Refused for members, for a second invitation and for too high a role."""
    address = email.strip().lower()
    _may_grant(actor, role)
    if Membership.objects.filter(tenant=tenant, user__email=address).exists():
        raise Refused(f"{address} is a member already.")
    if Invitation.objects.filter(tenant=tenant, email=address).exists():
        raise Refused(f"{address} is invited already; send the invitation again from the list.")
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        invitation = Invitation.objects.create(
            tenant=tenant, email=address, role=role, secret_hash=hash_secret(secret), invited_by=actor.user
        )
        audit.record(
            "member.invited",
            tenant=tenant,
            actor=actor.user,
            target=address,
            after={"role": Role(role).label},
        )
        _send(invitation, secret)
    return invitation


@transaction.atomic
def resend_invitation(invitation: Invitation, *, actor: Membership) -> None:
    """Mail a new link, valid for seven days more; the earlier link stops working."""
    _may_grant(actor, invitation.role)
    secret = secrets.token_urlsafe(32)
    invitation.secret_hash = hash_secret(secret)
    invitation.sent = timezone.now()
    invitation.save(update_fields=["secret_hash", "sent"])
    audit.record(
        "member.invitation_resent", tenant=invitation.tenant, actor=actor.user, target=invitation.email
    )
    _send(invitation, secret)


@transaction.atomic
def withdraw_invitation(invitation: Invitation, *, actor: Membership) -> None:
    if invitation.role > actor.role:
        raise Refused("You cannot withdraw an invitation to a role above your own.")
    audit.record(
        "member.invitation_withdrawn", tenant=invitation.tenant, actor=actor.user, target=invitation.email
    )
    invitation.delete()


def find_invitation(secret: str) -> Invitation | None:
    """The invitation of a mailed link, None once it was accepted, withdrawn or replaced."""
    return Invitation.objects.select_related("tenant").filter(secret_hash=hash_secret(secret)).first()


@transaction.atomic
def accept_invitation(invitation: Invitation, user: User) -> Membership:
    """Join. Only the invited address may, and only in time."""
    if invitation.is_expired:
        raise Refused("This invitation has expired. Ask for a new one.")
    if user.email.lower() != invitation.email:
        raise Refused(f"This invitation is for {invitation.email}. Sign in with that address to accept it.")
    membership, made = Membership.objects.get_or_create(
        tenant=invitation.tenant, user=user, defaults={"role": invitation.role}
    )
    if made:
        audit.record(
            "member.joined",
            tenant=invitation.tenant,
            actor=user,
            target=user.email,
            after={"role": membership.get_role_display()},
        )
    invitation.delete()
    return membership


def _lock_owners(tenant: Tenant) -> int:
    """How many owners there are; the rows stay locked until the transaction ends."""
    return len(list(Membership.objects.select_for_update().filter(tenant=tenant, role=Role.OWNER)))


def is_last_owner(member: Membership) -> bool:
    """Whether the tenant would be without an owner, as it is now; `remove_member` and `change_role` ask under a lock."""
    owners = Membership.objects.filter(tenant=member.tenant, role=Role.OWNER)
    return member.role == Role.OWNER and owners.count() == 1


def _protect_last_owner(member: Membership) -> None:
    if member.role == Role.OWNER and _lock_owners(member.tenant) == 1:
        raise Refused("A tenant needs an owner. Make someone else owner first.")


def _may_touch(actor: Membership, member: Membership) -> None:
    if member.role > actor.role:
        raise Refused("You cannot change someone whose role is above your own.")


@transaction.atomic
def change_role(member: Membership, role: int, *, actor: Membership) -> None:
    _may_touch(actor, member)
    _may_grant(actor, role)
    if role != Role.OWNER:
        _protect_last_owner(member)
    before = member.get_role_display()
    member.role = role
    member.save(update_fields=["role"])
    audit.record(
        "member.role_changed",
        tenant=member.tenant,
        actor=actor.user,
        target=member.user.email,
        before={"role": before},
        after={"role": member.get_role_display()},
    )


@transaction.atomic
def remove_member(member: Membership, *, actor: Membership) -> None:
    """Take away the membership, and the tokens made for this tenant with it; the one who does it to himself leaves."""
    _may_touch(actor, member)
    _protect_last_owner(member)
    action = "member.left" if member.pk == actor.pk else "member.removed"
    audit.record(
        action,
        tenant=member.tenant,
        actor=actor.user,
        target=member.user.email,
        before={"role": member.get_role_display()},
    )
    ManagementToken.objects.filter(user=member.user, tenant=member.tenant).delete()
    member.delete()
