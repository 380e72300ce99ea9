"""The Celery application. Messages carry only a job's id: the `Job` row is the truth (docs/adr/0002)."""

import gc
import os
import warnings
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_shutdown

from config import file_broker

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

# It warns that root would run pickled messages; this worker accepts JSON only.
warnings.filterwarnings("ignore", message="You're running the worker with superuser")
file_broker.register()
app = Celery("fireside")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _add_periodic_work(**event: Any) -> None:
    """Imported late: it needs the models."""
    from deployments.periodic import PeriodicStep

    app.steps["worker"].add(PeriodicStep)


@worker_shutdown.connect
def _leave_memory_to_the_system(**event: Any) -> None:
    """An interpreter that ends collects garbage from all that was ever loaded: half a second of work, for nothing."""
    gc.freeze()
