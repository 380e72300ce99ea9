"""A request that is carried out once, however often it is sent: its answer is committed together with what it did.

For work whose progress is noted in another database: whoever dies between the commit and the note sends the request again, and gets the
answer that was given before.
"""

from collections.abc import Callable

from fhirserver.connection import atomic, execute, fetch
from fhirserver.http import FhirResponse
from fhirserver.partitions import Partition


class _Refused(Exception):
    """Ends the transaction: there is nothing to remember of what was not done."""

    def __init__(self, response: FhirResponse) -> None:
        super().__init__()
        self.response = response


def respond_once(partition: Partition, name: str, respond: Callable[[], FhirResponse]) -> FhirResponse:
    """What `respond` answers, or has answered before under this name. Its writes are one transaction, a batch's too."""
    try:
        with atomic(partition.region):
            return _answered(partition, name) or _kept(partition, name, respond())
    except _Refused as refused:
        return refused.response


def forget_answers(partition: Partition, name: str) -> None:
    """The answers under this name, and under it with a blank and more, are noted elsewhere and will not be asked for again."""
    execute(
        partition.region,
        "DELETE FROM fhir_answer WHERE partition = %s AND (name = %s OR (name > %s AND name < %s))",
        (partition.number, name, f"{name} ", f"{name}!"),
    )


def _answered(partition: Partition, name: str) -> FhirResponse | None:
    rows = fetch(
        partition.region,
        "SELECT status, body FROM fhir_answer WHERE partition = %s AND name = %s",
        (partition.number, name),
    )
    return FhirResponse(rows[0][0], body=bytes(rows[0][1])) if rows else None


def _kept(partition: Partition, name: str, response: FhirResponse) -> FhirResponse:
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    response.body = body
    if response.status >= 400:
        raise _Refused(response)
    execute(
        partition.region,
        "INSERT INTO fhir_answer (partition, name, status, body) VALUES (%s, %s, %s, %s)",
        (partition.number, name, response.status, body),
    )
    return response
