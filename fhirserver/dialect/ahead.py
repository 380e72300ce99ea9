"""New resources of a large transaction go to PostgreSQL while the rest of it is still being worked out: two processors are at work for one client.

Only what nobody else can be writing: resources under ids that were made just now. So nothing is locked before the rest is, in the one order
that all writers keep (docs/adr/0022).
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg

from fhirserver.connection import atomic, is_postgresql, prepared_of
from fhirserver.dialect.changes import Change
from fhirserver.dialect.postgresql import statement_of
from fhirserver.statement_time import timed

CHUNK = 30
"""So many resources are worth a statement of their own."""
LEAST = 2 * CHUNK
"""Fewer are written by one statement that commits by itself."""


class Ahead:
    """So many new resources are to come: those that have been sent, and those that wait until the database has done with them."""

    def __init__(self, region: str, partition: int, coming: int) -> None:
        self._prepared, self._partition, self._coming = prepared_of(region), partition, coming
        self._waiting: list[Change] = []

    def add(self, change: Change) -> None:
        """Raises psycopg.Error for what was sent before."""
        self._waiting.append(change)
        self._coming -= 1
        is_last = self._coming == 0
        if is_last or (len(self._waiting) >= CHUNK and not self._prepared.is_busy()):
            self.send()

    def send(self) -> None:
        changes, self._waiting = self._waiting, []
        if changes:
            with timed():
                self._prepared.send(*statement_of(self._partition, changes))

    def settle(self) -> None:
        self._prepared.settle()


@contextmanager
def written_ahead(region: str, partition: int, coming: int) -> Iterator[Ahead | None]:
    """A transaction that so many new resources are sent ahead in; None, and no transaction, where that is not worth it."""
    if coming < LEAST or not is_postgresql(region):
        yield None
        return
    with atomic(region):
        made = Ahead(region, partition, coming)
        try:
            yield made
            made.send()
            made.settle()
        except BaseException:
            # The connection has to be free for the end of the transaction, whatever became of what was sent.
            with suppress(psycopg.Error):
                made.settle()
            raise
