"""A tenant's webhooks: add, change, give a new secret, remove."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from portal import audit
from portal.models import Tenant, User, Webhook
from portal.notifications.signing import new_secret
from portal.outbound import OutboundError, check_address
from portal.services.refusals import Refused

MOST = 10


def check_url(url: str) -> str:
    """Raises ValidationError, at `url`, for an address that Fireside would not send to."""
    if urlsplit(url).scheme != "https" and not settings.DEVELOPMENT:
        raise ValidationError({"url": ["Give an address that begins with https://."]})
    try:
        check_address(url)
    except OutboundError as error:
        raise ValidationError({"url": [str(error)]}) from error
    return url


@transaction.atomic
def create_webhook(tenant: Tenant, url: str, kinds: list[str], *, actor: User) -> Webhook:
    """Its `secret` is to be shown now and never again. Raises Refused, and ValidationError for its address."""
    if tenant.webhooks.count() >= MOST:
        raise Refused(f"A tenant can have {MOST} webhooks. Remove one first.")
    webhook = Webhook.objects.create(
        tenant=tenant, url=check_url(url), kinds=kinds, secret=new_secret(), created_by=actor
    )
    audit.record("webhook.created", tenant=tenant, actor=actor, target=url, after={"kinds": kinds or "all"})
    return webhook


@transaction.atomic
def change_webhook(webhook: Webhook, kinds: list[str], enabled: bool, *, actor: User) -> None:
    before = {"kinds": webhook.kinds or "all", "enabled": webhook.enabled}
    webhook.kinds, webhook.enabled = kinds, enabled
    webhook.save(update_fields=["kinds", "enabled"])
    after = {"kinds": kinds or "all", "enabled": enabled}
    audit.record(
        "webhook.changed",
        tenant=webhook.tenant,
        actor=actor,
        target=webhook.url,
        before=before,
        after=after,
    )


@transaction.atomic
def renew_secret(webhook: Webhook, *, actor: User) -> str:
    """The new secret; the old one signs nothing any more."""
    webhook.secret = new_secret()
    webhook.save(update_fields=["secret"])
    audit.record("webhook.secret_renewed", tenant=webhook.tenant, actor=actor, target=webhook.url)
    return webhook.secret


@transaction.atomic
def delete_webhook(webhook: Webhook, *, actor: User) -> None:
    audit.record("webhook.deleted", tenant=webhook.tenant, actor=actor, target=webhook.url)
    webhook.delete()
