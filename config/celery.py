"""The Celery application. Messages carry only a job's id: the `Job` row is the truth (docs/adr/0002)."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

from config import file_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

file_broker.register()
app = Celery("fireside")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _add_periodic_work(**event: Any) -> None:
    """Imported late: it needs the models."""
    from deployments.periodic import PeriodicStep

    app.steps["worker"].add(PeriodicStep)
