"""How long a streamed statement may take: that of finding its next rows, in either database."""

import pytest

from fhirserver import connection
from fhirserver.connection import atomic, fetch, is_postgresql, stream
from fhirserver.outcomes import StoreUnavailable

NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"


@pytest.mark.parametrize("wanted", ["i < 0", "i < 3 * 200"])
def test_a_streamed_statement_that_takes_too_long_for_its_next_rows_is_ended(
    region: str, monkeypatch: pytest.MonkeyPatch, wanted: str
) -> None:
    """Before its first row, and after some hundred."""
    found: list[tuple[int]] = []

    def read() -> None:
        with atomic(region):
            if is_postgresql(region):
                fetch(region, "SET LOCAL statement_timeout = 1")
            found.extend(stream(region, f"{NUMBERS.format(100_000_000)} SELECT i FROM n WHERE {wanted}"))

    monkeypatch.setattr(connection, "STATEMENT_TIMEOUT_MS", 1)
    with pytest.raises(StoreUnavailable, match="statement_timeout"):
        read()
    assert len(found) < 3 * 200
    assert fetch(region, "SELECT 1") == [(1,)]


def test_a_slow_reader_does_not_end_what_is_streamed(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(connection, "perf_counter", lambda: now[0])
    total = 0
    with atomic(region):
        for (one,) in stream(region, f"{NUMBERS.format(200_000)} SELECT i FROM n"):
            total += one
            now[0] += 60  # seconds by the clock of the connection
    assert total == 200_000 * 200_001 // 2
