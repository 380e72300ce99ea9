"""Mail to the people who look after a tenant: its administrators and owners who want it."""

from django.core.mail import EmailMessage, get_connection

from portal.models import Role, Tenant

FOOT = "\n\nYou get this as an administrator of {tenant}. Switch such mail off on your account page."


def notify_administrators(tenant: Tenant, subject: str, text: str) -> int:
    """One mail each, so that addresses stay apart. Returns how many were sent."""
    members = tenant.memberships.filter(
        role__gte=Role.ADMIN, user__is_active=True, user__wants_notices=True
    ).select_related("user")
    body = text + FOOT.format(tenant=tenant.name)
    mails = [EmailMessage(subject, body, None, [member.user.email]) for member in members]
    return get_connection().send_messages(mails) or 0
