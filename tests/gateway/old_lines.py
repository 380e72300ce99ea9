"""Lines of the log of days gone by, stored and counted as the recorder does it."""

from collections.abc import Sequence
from datetime import datetime

from gateway.decisions import Credential, Reason
from gateway.log_lines import Line, store
from gateway.tally import Tally
from gateway.trace_ids import new_trace_id


def line_at(
    at: datetime,
    deployment_id: str,
    credential: Credential,
    *,
    interaction: str = "read",
    method: str = "GET",
    path: str = "Patient/1",
    status: int = 200,
    took: float = 0.004,
) -> Line:
    began = at.timestamp()
    return Line(
        *(began, took, new_trace_id(began, False), deployment_id, credential, interaction, method, path),
        *("", status, 10, "127.0.0.1", Reason.ALLOWED, "", (), "", 0.0, 1, 0.0),
    )


def keep(lines: Sequence[Line]) -> None:
    store(lines)
    tally = Tally()
    tally.add(lines)
    tally.store()
