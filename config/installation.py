"""What the operator's page says of the installation's health: databases, broker, worker, disk."""

import shutil
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db import connections
from django.utils import timezone

from config.health import answers
from deployments.models import PeriodicRun
from portal.operator import OperatorSection

_SILENT = timedelta(seconds=60)


def health_section() -> OperatorSection:
    rows = [
        (f"Database {alias}", "answers" if answers(alias) else "does not answer", connections[alias].vendor)
        for alias in connections
    ]
    rows += [_broker(), _worker(), _disk()]
    return OperatorSection("Health", ("What", "State", "Detail"), tuple(rows))


def _broker() -> tuple[str, str, str]:
    scheme = settings.CELERY_BROKER_URL.partition(":")[0]
    try:
        with current_app.connection_for_write(connect_timeout=2) as connection:
            connection.ensure_connection(max_retries=1, timeout=2)
    except Exception as error:  # each transport raises its own
        return "Broker", "does not answer", f"{scheme}: {type(error).__name__}"
    return "Broker", "answers", scheme


def _worker() -> tuple[str, str, str]:
    """Each worker looks for due work all the time, so the last time that any was done tells whether one lives."""
    last = PeriodicRun.objects.filter(ran__isnull=False).order_by("-ran").first()
    if last is None or last.ran is None:
        return "Worker", "never seen", "Start one: celery -A config worker"
    works = timezone.now() - last.ran < _SILENT
    return "Worker", "works" if works else "silent", f"last seen {last.ran:%Y-%m-%d %H:%M:%S} UTC"


def _disk() -> tuple[str, str, str]:
    usage = shutil.disk_usage(settings.HOME)
    free = usage.free / usage.total
    state = "enough room" if free > 0.1 else "nearly full"
    return (
        "Disk",
        state,
        f"{usage.free / 2**30:,.1f} GiB free of {usage.total / 2**30:,.1f} in {settings.HOME}",
    )
