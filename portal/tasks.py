"""Celery tasks: they take ids and call the function that does the work."""

from celery import shared_task

from portal.notifications import delivery


@shared_task(name="portal.tasks.deliver")
def deliver(delivery_id: int, attempt: int) -> None:
    delivery.deliver(delivery_id, attempt)
