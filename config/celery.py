"""The Celery application. Messages carry only a job's id: the `Job` row is the truth (docs/adr/0002)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

app = Celery("fireside")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
