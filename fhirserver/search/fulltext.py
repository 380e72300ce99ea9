"""Bring the full text of a type up to date: what was written before a search is found by it (docs/adr/0011)."""

import sqlite3
from typing import Any, NamedTuple

from fhirserver.connection import (
    atomic,
    execute,
    fetch,
    is_postgresql,
    lock_name,
    looked_up,
    numbers_of,
    one_of,
    raw_connection,
)
from fhirserver.outcomes import StoreUnavailable
from fhirserver.partitions import Partition
from fhirserver.search.limits import MAX_TEXT_BACKLOG
from fhirserver.search.text_query import scope_of
from fhirserver.search.words import content_words, narrative_words
from fhirspec import json
from fhirspec.hashing import hash64

BATCH = 500
"""Resources in one transaction: on SQLite other writers wait for it."""


class _Document(NamedTuple):
    rid: int
    narrative: list[str]
    content: list[str]


def bring_up_to_date(partition: Partition, resource_type: str, limit: int = MAX_TEXT_BACKLOG) -> None:
    """Raises StoreUnavailable when more than `limit` resources are waiting; what was done by then stays done."""
    for _ in range(0, limit, BATCH):
        if not _pending(partition, resource_type, 1):
            return
        _read_batch(partition, resource_type)
    if _pending(partition, resource_type, 1):
        raise StoreUnavailable(
            f"The words of {resource_type} resources that were written lately are still being indexed"
            f" ({limit} in one search, MAX_TEXT_BACKLOG). Repeat the search.",
            headers={"Retry-After": "1"},
        )


def read_waiting(region: str, batches: int) -> None:
    """Some of what waits in any partition, so that little is left to the first search."""
    for _ in range(batches):
        waiting = fetch(region, "SELECT partition, type FROM fhir_text_pending LIMIT 1")
        if not waiting:
            return
        _read_batch(Partition(region, waiting[0][0]), waiting[0][1])


def _read_batch(partition: Partition, resource_type: str) -> None:
    with atomic(partition.region):
        _lock(partition, resource_type)
        _index(partition, resource_type, _pending(partition, resource_type, BATCH))


def _lock(partition: Partition, resource_type: str) -> None:
    lock_name(partition.region, hash64(f"full text/{partition.number}/{resource_type}"))


def forget_texts(partition: Partition, resource_type: str, rids: list[int]) -> None:
    """The words of these resources and what is still to be read of them, in the transaction that deletes them."""
    region, number = partition.region, partition.number
    _lock(partition, resource_type)
    among, listed = one_of(region, rids)
    execute(
        region,
        f"DELETE FROM fhir_text_pending WHERE partition = %s AND type = %s AND rid {among}",
        (number, resource_type, listed),
    )
    _delete_texts(partition, rids)


def _pending(partition: Partition, resource_type: str, limit: int) -> list[tuple[int, int]]:
    """(rid, version) of what was written and not yet read."""
    statement = (
        "SELECT rid, version FROM fhir_text_pending WHERE partition = %s AND type = %s"
        f" ORDER BY rid, version LIMIT {limit:d}"
    )
    return [(row[0], row[1]) for row in fetch(partition.region, statement, (partition.number, resource_type))]


def _index(partition: Partition, resource_type: str, pending: list[tuple[int, int]]) -> None:
    """A version that comes while this runs leaves a line of its own, and is read again."""
    rids = sorted({rid for rid, _ in pending})
    source, listed = numbers_of(partition.region, "own", rids)
    tests = "f.partition = %s AND f.rid = own.value AND f.content IS NOT NULL"
    found = looked_up(partition.region, source, "fhir_resource", "rid, content", tests)
    documents = []
    for rid, content in fetch(
        partition.region, f"SELECT f.rid, f.content {found}", (listed, partition.number)
    ):
        resource = json.decode(bytes(content))
        documents.append(_Document(rid, narrative_words(resource), content_words(resource)))
    scope = scope_of(partition.number, resource_type)
    if is_postgresql(partition.region):
        _write_postgresql(partition, rids, documents, scope)
    else:
        _write_sqlite(partition, rids, documents, scope)
    _each(
        partition.region,
        "DELETE FROM fhir_text_pending WHERE partition = %s AND type = %s AND rid = %s AND version = %s",
        [(partition.number, resource_type, *one) for one in pending],
    )


def _write_sqlite(partition: Partition, rids: list[int], documents: list[_Document], scope: str) -> None:
    region, number = partition.region, partition.number
    _delete_texts(partition, rids)
    first = fetch(region, "SELECT coalesce(max(document), 0) + 1 FROM fhir_text")[0][0]
    _each(
        region,
        "INSERT INTO fhir_text (document, partition, rid) VALUES (%s, %s, %s)",
        [(first + place, number, one.rid) for place, one in enumerate(documents)],
    )
    _each(
        region,
        "INSERT INTO fhir_text_words (rowid, scope, narrative, content) VALUES (%s, %s, %s, %s)",
        [
            (first + place, scope, " ".join(one.narrative), " ".join(one.content))
            for place, one in enumerate(documents)
        ],
    )


def _delete_texts(partition: Partition, rids: list[int]) -> None:
    region, number = partition.region, partition.number
    among, listed = one_of(region, rids)
    known = f"FROM fhir_text WHERE partition = %s AND rid {among}"
    if not is_postgresql(region):
        execute(
            region,
            f"DELETE FROM fhir_text_words WHERE rowid IN (SELECT document {known})",
            (number, listed),
        )
    execute(region, f"DELETE {known}", (number, listed))


def _write_postgresql(partition: Partition, rids: list[int], documents: list[_Document], scope: str) -> None:
    region, number = partition.region, partition.number
    gone = set(rids) - {one.rid for one in documents}
    _each(region, "DELETE FROM fhir_text WHERE partition = %s AND rid = %s", [(number, rid) for rid in gone])
    columns: list[list[Any]] = [
        [one.rid for one in documents],
        [_tsvector(one.narrative, scope) for one in documents],
        [_tsvector(one.content, scope) for one in documents],
    ]
    execute(
        region,
        "INSERT INTO fhir_text (partition, rid, narrative, content) SELECT %s::int4, n.rid, n.narrative::tsvector,"
        " n.content::tsvector FROM unnest(%s::int8[], %s::text[], %s::text[]) AS n(rid, narrative, content)"
        " ON CONFLICT (partition, rid) DO UPDATE SET narrative = excluded.narrative, content = excluded.content",
        (number, *columns),
    )


def _each(region: str, statement: str, lines: list[tuple[Any, ...]]) -> None:
    raw = raw_connection(region)
    if isinstance(raw, sqlite3.Connection):
        raw.executemany(statement.replace("%s", "?"), lines)
    elif lines:
        with raw.cursor() as cursor:
            cursor.executemany(statement, lines)


def _tsvector(words: list[str], scope: str) -> str:
    """The words with their places, in PostgreSQL's own text form. They are letters and digits: none needs an escape, and none can be
    mistaken for the scope, which is led by a slash."""
    places: dict[str, list[str]] = {}
    for place, word in enumerate(words, start=2):
        places.setdefault(word, []).append(str(place))
    return " ".join(
        [f"'/{scope}':1", *(f"'{word}':{','.join(found[:255])}" for word, found in places.items())]
    )
