"""Writing index rows alone: the resources' content and versions stay (fhirserver/reindex.py), or go elsewhere (fhirserver/clearing.py)."""

import sqlite3
from collections.abc import Sequence

from fhirserver.connection import fetch, raw_connection
from fhirserver.dialect.changes import Change
from fhirserver.dialect.postgresql import Statement, add_differences
from fhirserver.dialect.sqlite import write_differences


def write_index(region: str, partition: int, changes: Sequence[Change]) -> None:
    """Inside a transaction that holds these resources: `change.rows` instead of `change.was`."""
    write_index_rows(region, partition, changes)
    raw = raw_connection(region)
    packed = [(change.packed, partition, change.rid) for change in changes]
    if isinstance(raw, sqlite3.Connection):
        raw.executemany("UPDATE fhir_resource SET postings = ? WHERE partition = ? AND rid = ?", packed)
        return
    with raw.cursor() as cursor:
        cursor.executemany("UPDATE fhir_resource SET postings = %s WHERE partition = %s AND rid = %s", packed)


def write_index_rows(region: str, partition: int, changes: Sequence[Change]) -> None:
    """The same for who is about to delete the resources themselves."""
    raw = raw_connection(region)
    if isinstance(raw, sqlite3.Connection):
        write_differences(raw, partition, changes)
        return
    statement = Statement()
    add_differences(statement, partition, changes)
    if statement.parts:
        fetch(region, f"WITH {', '.join(statement.parts)} SELECT 1", statement.parameters)
