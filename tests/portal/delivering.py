"""What the workers do with notifications, done here and now."""

from portal.models import Delivery, DeliveryState
from portal.notifications.delivery import deliver


def deliver_all() -> None:
    """One attempt at everything that is pending."""
    for pk, attempts in list(
        Delivery.objects.filter(state=DeliveryState.PENDING).order_by("pk").values_list("pk", "attempts")
    ):
        deliver(pk, attempts)
