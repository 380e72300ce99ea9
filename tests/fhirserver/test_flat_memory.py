"""What is long is never held whole: $everything and exports are sent as rows arrive, and memory stays flat."""

import ctypes
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhirserver import bulk
from fhirserver.access import FULL
from fhirserver.engine import respond
from fhirserver.http import FhirRequest
from fhirserver.operations import everything, everything_rows, export, export_reach
from fhirserver.partitions import Partition
from fhirserver.statement_time import spent

ROWS, ROW_BYTES, BATCH = 1200, 50_000, 20
MEGABYTE = 1024 * 1024
BOUND = 20 * MEGABYTE  # of the 60 that there are


@pytest.fixture
def filled(partition: Partition, monkeypatch: pytest.MonkeyPatch) -> Partition:
    """One patient with a long record, read in small batches."""
    for module in (everything, everything_rows, export, export_reach):
        monkeypatch.setattr(module, "BATCH", BATCH)
    bulk.load(partition, [{"resourceType": "Patient", "id": "ada"}])
    bulk.load(
        partition,
        (
            {
                "resourceType": "Observation",
                "id": f"o{number}",
                "status": "final",
                "code": {"text": "a weight"},
                "subject": {"reference": "Patient/ada"},
                "note": [{"text": f"{number:06}" * (ROW_BYTES // 6)}],
            }
            for number in range(ROWS)
        ),
    )
    return partition


def _resident() -> int:
    """Bytes of this process's own memory, without files that are mapped into it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024


def _consume(pieces: Iterator[bytes]) -> tuple[int, int]:
    """Bytes that came, and how far memory rose above where it began."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    began = highest = _resident()
    came = 0
    for number, piece in enumerate(pieces):
        came += len(piece)
        if number % BATCH == 0:
            highest = max(highest, _resident())
    return came, highest - began


def _everything(partition: Partition) -> Iterator[bytes]:
    body = respond(FhirRequest("GET", "Patient/ada/$everything"), partition, FULL).body
    assert not isinstance(body, bytes)
    return iter(body)


def _export(partition: Partition) -> Iterator[bytes]:
    asked = export.ExportRequest("patient")
    return export.Export(partition, FULL, asked).lines("Observation")


def test_a_long_answer_is_sent_as_its_rows_arrive_and_memory_stays_flat(filled: Partition) -> None:
    for pieces_of in (_everything, _export):
        pieces = pieces_of(filled)
        first = next(pieces)
        statements = spent.count
        came, rise = _consume(pieces)
        assert len(first) + came > ROWS * ROW_BYTES
        assert rise < BOUND
        assert spent.count - statements > ROWS // BATCH // 2
