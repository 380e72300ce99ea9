"""The statements that a connection to PostgreSQL keeps."""

from typing import Any

import psycopg
import pytest
from django.db import connections

from fhirserver import prepared
from fhirserver.outcomes import BadRequest
from fhirserver.prepared import Prepared


@pytest.fixture
def statements(region: str) -> Prepared:
    connection = connections[region]
    if connection.vendor != "postgresql":
        pytest.skip("SQLite's driver keeps statements by itself")
    connection.ensure_connection()
    return Prepared(connection.connection)


def _kept(statements: Prepared) -> int:
    return int(
        statements.fetch("SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'fireside%%'", ())[0][0]
    )


@pytest.mark.parametrize("value", [0, -(2**63), 2**63 - 1], ids=["zero", "least", "greatest"])
def test_numbers_come_back_as_they_went(statements: Prepared, value: int) -> None:
    assert statements.fetch("SELECT %s::int8", [value]) == [(value,)]


def test_texts_bytes_and_fractions_come_back_as_they_went(statements: Prepared) -> None:
    sent: list[Any] = ["Müller 'x' \\ %s", b"\x00\xff{", 1.5e-300]
    assert statements.fetch("SELECT %s::text, %b::bytea, %s::float8", sent) == [tuple(sent)]


def test_a_text_with_nul_is_refused_and_not_cut(statements: Prepared) -> None:
    with pytest.raises(BadRequest, match="NUL"):
        statements.fetch("SELECT %s::text", ["a\x00b"])


def test_a_fault_names_itself_and_leaves_the_connection_usable(statements: Prepared) -> None:
    with (
        statements.raw.transaction(),
        pytest.raises(psycopg.errors.DivisionByZero),
        statements.raw.transaction(),
    ):
        statements.fetch("SELECT 1 / %s::int", [0])
    assert statements.fetch("SELECT 1", ()) == [(1,)]


def test_statements_beyond_the_capacity_are_given_back(
    statements: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepared, "CAPACITY", 3)
    before = _kept(statements)
    for number in range(20):
        statements.fetch(f"SELECT {number}", ())
    assert _kept(statements) <= before + 3
    assert statements.fetch("SELECT 0", ()) == [(0,)]
