"""The product's Celery application with two more kinds of job: slow, so that a test can kill its worker in the middle, and deadly, which kills it itself.

Each step appends a line to the file named in the arguments, so that a test sees what ran in which process.
"""

import os
import signal
import time
from pathlib import Path

import django

django.setup()

from config.celery import app  # noqa: E402
from deployments.jobs import Kind, Progress, Step, register_kind  # noqa: E402

__all__ = ["app"]


def _note(progress: Progress, step: str) -> None:
    with Path(progress.job.arguments["notes"]).open("a") as notes:
        notes.write(f"{step} {os.getpid()}\n")


def _first(progress: Progress) -> None:
    _note(progress, "first")


def _slow(progress: Progress) -> None:
    _note(progress, "slow")
    total = progress.job.arguments.get("seconds", 0) * 20
    for done in range(total):
        progress.report(done + 1, total)
        time.sleep(0.05)


def _last(progress: Progress) -> None:
    _note(progress, "last")


def _deadly(progress: Progress) -> None:
    _note(progress, "deadly")
    time.sleep(progress.job.arguments["seconds"])
    os.kill(os.getpid(), signal.SIGKILL)


register_kind(Kind("deadly", "Deadly work", (Step("deadly", "Deadly", _deadly),)))
register_kind(
    Kind(
        "slow",
        "Slow work",
        (Step("first", "First", _first), Step("slow", "Slow", _slow), Step("last", "Last", _last)),
    )
)
