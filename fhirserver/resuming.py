"""How far a load has come, committed together with what it stored.

For work whose progress is noted in another database: whoever goes on after a death stores nothing a second time, and so takes nothing back
that clients have changed or deleted since. A mark lies where answers do, and `once.forget_answers` forgets it.
"""

from typing import NamedTuple

import msgspec

from fhirserver.connection import execute, fetch
from fhirserver.partitions import Partition


class Mark(NamedTuple):
    """`at`: where in its source a load is, as that counts; `stored`: how many resources came from there so far."""

    at: int = 0
    stored: int = 0


def mark_of(partition: Partition, name: str) -> Mark:
    """The mark that was kept under this name, the beginning where there is none."""
    rows = fetch(
        partition.region,
        "SELECT body FROM fhir_answer WHERE partition = %s AND name = %s",
        (partition.number, name),
    )
    return msgspec.json.decode(bytes(rows[0][0]), type=Mark) if rows else Mark()


def keep_mark(partition: Partition, name: str, mark: Mark) -> None:
    """To be called in the transaction that stores what lies before it."""
    execute(
        partition.region,
        "INSERT INTO fhir_answer (partition, name, status, body) VALUES (%s, %s, 200, %s)"
        " ON CONFLICT (partition, name) DO UPDATE SET body = excluded.body",
        (partition.number, name, msgspec.json.encode(mark)),
    )
