"""Finds the lines of one patient in a log of millions, without an index that each line would have to be written into.

An index by patient has a place of its own for each patient, so that each line rewrites a page: more than all else that a line costs. Instead
the patients of some hundred lines are noted in one row, four bytes each. Who looks for a patient looks through these rows, newest first, and then
through those stretches of the log alone that name the patient (docs/adr/0023).
"""

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from struct import pack
from typing import NamedTuple
from zlib import crc32

from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from deployments.models import Deployment
from gateway.models import PatientBlock

# The marks of so many lines PostgreSQL keeps in the row itself. The more, the fewer rows there are to look through, and the longer their stretches.
LINES = 400
_KEPT = ("id", "deployment_id", "oldest", "newest", "marks")


def mark_of(patient: str) -> int:
    """Of 32 bits. Two patients may have the same one: it says where to look."""
    return crc32(patient.encode())


@dataclass(slots=True)
class _Block:
    """One that is still added to. Times are as they are written into the database, and sort so. No marks: no time either."""

    number: int
    deployment_id: str
    oldest: str = ""
    newest: str = ""
    marks: bytes = b""
    lines: int = 0

    def add(self, lines: Sequence[tuple[str, str]]) -> None:
        self.lines += len(lines)
        named = [line for line in lines if line[1]]
        if named:
            oldest, newest = min(named)[0], max(named)[0]
            self.oldest, self.newest = min(self.oldest or oldest, oldest), max(self.newest, newest)
            self.marks += pack(f">{len(named)}I", *[mark_of(patient) for _, patient in named])


_open: dict[str, _Block] = {}  # by deployment
# Two processes that added to one block would each write over what the other has noted.
os.register_at_fork(after_in_child=_open.clear)


def note(named: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    """Called in the transaction that stores these lines: time and patient (may be empty) of each, by deployment."""
    added = [block for deployment_id, lines in named.items() for block in _add(deployment_id, lines)]
    _write([block for block in added if block.marks])


def _add(deployment_id: str, lines: Sequence[tuple[str, str]]) -> Iterator[_Block]:
    """The blocks that they went into, each once."""
    while lines:
        block = _open.get(deployment_id)
        if block is None:
            block = _open[deployment_id] = _Block(secrets.randbits(63), deployment_id)
        room = LINES - block.lines
        block.add(lines[:room])
        lines = lines[room:]
        if block.lines == LINES:
            del _open[deployment_id]
        yield block


def _write(blocks: Sequence[_Block]) -> None:
    """Whole ones: what was noted by a transaction that was taken back is in them too, and only makes somebody look in vain."""
    if not blocks:
        return
    quoted = connection.ops.quote_name
    columns = ", ".join(map(quoted, _KEPT))
    anew = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in _KEPT[2:])
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quoted(PatientBlock._meta.db_table)} ({columns})"
            f" VALUES {', '.join(['(%s, %s, %s, %s, %s)'] * len(blocks))} ON CONFLICT (id) DO UPDATE SET {anew}",
            [
                value
                for one in blocks
                for value in (one.number, one.deployment_id, one.oldest, one.newest, one.marks)
            ],
        )


class Stretch(NamedTuple):
    """A time in which the log may name the patient."""

    oldest: datetime
    newest: datetime


def list_stretches(
    deployment: Deployment, patient: str, since: datetime | None, until: datetime | None, most: int
) -> tuple[list[Stretch], datetime | None]:
    """Newest first, none reaching into another, from so many blocks at most; and since when they are all, None for since ever."""
    blocks = PatientBlock.objects.filter(_named(pack(">I", mark_of(patient))), deployment=deployment)
    if since:
        blocks = blocks.filter(newest__gte=since)
    if until:
        blocks = blocks.filter(oldest__lte=until)
    found = list(blocks.order_by("-newest").values_list("oldest", "newest")[: most + 1])
    complete = found[most][1] + timedelta(microseconds=1) if len(found) > most else None
    stretches: list[Stretch] = []
    for oldest, newest in found[:most]:
        begin, end = max(oldest, since or oldest, complete or oldest), min(newest, until or newest)
        if stretches and end >= stretches[-1].oldest:
            stretches[-1] = Stretch(min(stretches[-1].oldest, begin), stretches[-1].newest)
        elif begin <= end:
            stretches.append(Stretch(begin, end))
    return stretches, complete


def _named(mark: bytes) -> RawSQL:
    """That four bytes of two neighbours look like it is as rare as two patients with one mark."""
    if connection.vendor == "postgresql":
        return RawSQL("position(%s in marks) > 0", (mark,), BooleanField())
    return RawSQL("instr(marks, %s) > 0", (mark,), BooleanField())
