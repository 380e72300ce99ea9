"""Finds the lines of one patient in a log of millions, without an index that each line would have to be written into.

An index by patient has a place of its own for each patient, so that each line rewrites a page: more than all else that a line costs. Instead
the patients of some hundred lines are noted in one row, four bytes each, and beside them the moments of their lines. Who looks for a patient looks
through these rows, newest first, and then reads the lines of those moments alone (docs/adr/0023).
"""

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from struct import pack, unpack_from
from typing import NamedTuple
from zlib import crc32

from django.db import connection
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

from deployments.models import Deployment
from gateway.models import PatientBlock

# So many lines PostgreSQL keeps in the row itself: what is longer than 2 kB it would first try to compress. The more, the fewer rows there are to look through.
LINES = 160
MOST_LINES = 500  # found at once, each by a look-up of its own
_MARK, _MOMENT = 4, 8  # bytes
_KEPT = ("id", "deployment_id", "oldest", "newest", "marks", "moments")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Named = tuple[int, str]  # a line's moment, in microseconds of Unix time, and its patient, who may be empty


@dataclass(slots=True)
class _Block:
    """One that is still added to. `oldest` and `newest` are moments; they mean nothing without marks."""

    number: int
    deployment_id: str
    oldest: int = 0
    newest: int = 0
    marks: bytes = b""
    moments: bytes = b""
    lines: int = 0

    def add(self, lines: Sequence[Named]) -> None:
        self.lines += len(lines)
        named = [line for line in lines if line[1]]
        if named:
            moments = [moment for moment, _ in named]
            self.oldest = min(*moments, self.oldest or moments[0])
            self.newest = max(*moments, self.newest)
            self.marks += pack(f">{len(named)}I", *[crc32(patient.encode()) for _, patient in named])
            self.moments += pack(f">{len(named)}q", *moments)


_open: dict[str, _Block] = {}  # by deployment
# Two processes that added to one block would each write over what the other has noted.
os.register_at_fork(after_in_child=_open.clear)


def note(named: Mapping[str, Sequence[Named]]) -> None:
    """Called in the transaction that stores these lines, by deployment."""
    added = [block for deployment_id, lines in named.items() for block in _add(deployment_id, lines)]
    _write([block for block in added if block.marks])


def _add(deployment_id: str, lines: Sequence[Named]) -> Iterator[_Block]:
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
    quoted, adapted = connection.ops.quote_name, connection.ops.adapt_datetimefield_value
    columns = ", ".join(map(quoted, _KEPT))
    anew = ", ".join(f"{quoted(name)} = excluded.{quoted(name)}" for name in _KEPT[2:])
    marks = f"({', '.join(['%s'] * len(_KEPT))})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quoted(PatientBlock._meta.db_table)} ({columns})"
            f" VALUES {', '.join([marks] * len(blocks))} ON CONFLICT (id) DO UPDATE SET {anew}",
            [
                value
                for one in blocks
                for value in (
                    *(one.number, one.deployment_id),
                    *(adapted(_time(one.oldest)), adapted(_time(one.newest)), one.marks, one.moments),
                )
            ],
        )


def _time(moment: int) -> datetime:
    return _EPOCH + timedelta(microseconds=moment)


class Found(NamedTuple):
    """When the log may name a patient, newest first, and since when that is all: None for since ever."""

    times: list[datetime]
    complete: datetime | None


def find_times(
    deployment: Deployment, patient: str, since: datetime | None, until: datetime | None, most: int
) -> Found:
    """Of so many blocks and of MOST_LINES at most."""
    mark = mark_of(patient)
    # A web process of the version before this one notes no moments.
    blocks = PatientBlock.objects.filter(_named(mark), deployment=deployment).exclude(moments=b"")
    if since:
        blocks = blocks.filter(newest__gte=since)
    if until:
        blocks = blocks.filter(oldest__lte=until)
    found = list(blocks.order_by("-newest").values_list("newest", "marks", "moments")[: most + 1])
    complete = found[most][0] + timedelta(microseconds=1) if len(found) > most else None
    begin = max(filter(None, (since, complete)), default=None)
    named = {_time(moment) for _, *block in found[:most] for moment in _moments(mark, *map(bytes, block))}
    times = sorted((one for one in named if begin is None or one >= begin), reverse=True)
    if until:
        times = [one for one in times if one <= until]
    if len(times) > MOST_LINES:
        return Found(times[:MOST_LINES], times[MOST_LINES - 1])
    return Found(times, complete)


def mark_of(patient: str) -> bytes:
    """Two patients may have the same one: it says where to look."""
    return pack(">I", crc32(patient.encode()))


def _moments(mark: bytes, marks: bytes, moments: bytes) -> Iterator[int]:
    """Of the lines that have this mark."""
    place = marks.find(mark)
    while place >= 0:
        number, between = divmod(place, _MARK)
        if not between:
            yield from unpack_from(">q", moments, number * _MOMENT)
        place = marks.find(mark, place + 1)


def _named(mark: bytes) -> RawSQL:
    """That four bytes of two neighbours look like it is as rare as two patients with one mark."""
    if connection.vendor == "postgresql":
        return RawSQL("position(%s in marks) > 0", (mark,), BooleanField())
    return RawSQL("instr(marks, %s) > 0", (mark,), BooleanField())
