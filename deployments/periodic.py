"""Periodic work without a scheduler process: every worker looks, and the one that moves the due time does it."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from celery import bootsteps
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from deployments.models import PeriodicRun

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.5  # seconds


@dataclass(frozen=True)
class Periodic:
    """Work to do every so often by one worker of all. It must be short: long work starts a job."""

    name: str
    every: timedelta
    run: Callable[[], object]


_registered: dict[str, Periodic] = {}


def register_periodic(work: Periodic) -> None:
    _registered[work.name] = work


def _is_ours(work: Periodic) -> bool:
    """Move the due time forward; only one worker's update can match the row."""
    now = timezone.now()
    due = PeriodicRun.objects.filter(name=work.name, due__lte=now)
    return bool(due.update(due=now + work.every, ran=now))


def run_due() -> list[str]:
    """Do all that is due, and say what that was. An error in one piece of work does not stop the others."""
    known = set(PeriodicRun.objects.values_list("name", flat=True))
    done = []
    for work in _registered.values():
        if work.name not in known:
            PeriodicRun.objects.get_or_create(name=work.name)
        if not _is_ours(work):
            continue
        try:
            work.run()
            done.append(work.name)
        except Exception:
            logger.exception("periodic work %s failed", work.name)
    return done


class PeriodicStep(bootsteps.StartStopStep):
    """A part of each Celery worker: a thread that looks for due work twice a second."""

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._look, name="periodic", daemon=True)

    def start(self, parent: Any) -> None:
        self.thread.start()

    def stop(self, parent: Any) -> None:
        self.stopped.set()
        self.thread.join(timeout=5)

    def _look(self) -> None:
        while not self.stopped.wait(LOOK_EVERY):
            try:
                run_due()
            except DatabaseError as error:
                logger.warning("periodic work waits: the control database did not answer (%s)", error)
            close_old_connections()
