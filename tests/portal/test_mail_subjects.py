"""A name with a line break in it is no second header, and no reason not to be told."""

from django.core import mail
from django.urls import reverse

from portal.models import Delivery, DeliveryState, Role, Tenant, User
from portal.notifications import NoticeKind, notify
from portal.notifications.delivery import deliver
from tests.portal.conftest import SignIn

BROKEN = "Acme\r\nBcc: eve@example.org"


def test_an_invitation_of_a_tenant_with_a_broken_name_is_mailed(
    tenant: Tenant, alice: User, sign_in: SignIn
) -> None:
    Tenant.objects.update(name=BROKEN)
    asked = {"email": "dora@example.org", "role": Role.READ.value}
    sign_in(alice).post(reverse("portal:invite", args=[tenant.slug]), asked)
    assert mail.outbox[-1].subject == "Join Acme Bcc: eve@example.org on Fireside"
    assert mail.outbox[-1].recipients() == ["dora@example.org"]


def test_a_notification_of_something_with_a_broken_name_is_delivered(tenant: Tenant, alice: User) -> None:
    notify(NoticeKind.KEY_EXPIRING, tenant, f"The key {BROKEN} expires in 1 day", "Soon.")
    deliver(Delivery.objects.get().pk, 0)
    assert Delivery.objects.get().state == DeliveryState.DELIVERED
    assert "\n" not in mail.outbox[-1].subject
