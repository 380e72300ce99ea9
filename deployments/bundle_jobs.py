"""An uploaded Bundle that is to be executed goes through the engine, as if a client had sent it: a transaction as a whole, a batch in pieces.

A piece is short, so that other writers of the region's store get their turn between two; a job that is resumed finds the pieces done.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from deployments import quantities
from deployments.import_files import Resource
from deployments.jobs import JobFault, Progress
from deployments.transfers import ErrorFile
from fhirserver import engine
from fhirserver.access import FULL
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.once import forget_answers, respond_once
from fhirserver.outcomes import StoreLost
from fhirserver.partitions import Partition
from fhirspec.json import decode_object, encode

EXECUTABLE = ("transaction", "batch")
PIECE = 50
"""Entries of a batch that are one write of the store."""


class _Piece(NamedTuple):
    """A Bundle of its own; `before`: how many entries of the uploaded one stand before it."""

    before: int
    bundle: Resource


def execute_bundle(progress: Progress, partition: Partition, bundle: Resource) -> None:
    """Raises JobFault for a transaction that is refused, and for a batch that is none."""
    total = _length(bundle)
    refused: list[tuple[int, str]] = []
    number = 0
    for piece in _pieces(bundle):
        for number, entry in enumerate(_answered(progress, partition, piece), start=piece.before + 1):
            result = entry.get("response", {})
            if not str(result.get("status", "")).startswith("2"):
                refused.append(
                    (number, _diagnostics(result.get("outcome") or {}) or str(result.get("status")))
                )
        done = number - len(refused)
        progress.report(done, total, f"{quantities.of(done, total, 'request')} done")
    errors = ErrorFile(progress.job)
    for at, problem in refused:
        errors.add(at, problem)
    errors.close()
    progress.job.result |= {"loaded": number - errors.count, "errors": errors.count}


def forget_bundle(progress: Progress, partition: Partition) -> None:
    """What was answered is noted in the job: it will not be carried out again."""
    forget_answers(partition, _answer_name(progress))


def _length(bundle: Resource) -> int:
    entries = bundle.get("entry")
    return len(entries) if isinstance(entries, list) else 0


def _pieces(bundle: Resource) -> Iterator[_Piece]:
    if bundle["type"] != "batch" or _length(bundle) <= PIECE:
        yield _Piece(0, bundle)
        return
    for before in range(0, _length(bundle), PIECE):
        yield _Piece(before, {**bundle, "entry": bundle["entry"][before : before + PIECE]})


def _answered(progress: Progress, partition: Partition, piece: _Piece) -> list[dict[str, Any]]:
    """The entries of the answering Bundle."""
    headers = {"content-type": "application/fhir+json", "prefer": "return=minimal"}
    request = FhirRequest("POST", "", headers=headers, body=encode(piece.bundle), base_url=partition.base)
    name = f"{_answer_name(progress)} {piece.before}"
    response = respond_once(partition, name, lambda: _answer_to_keep(request, partition))
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    answer = decode_object(body)
    if response.status >= 400:
        place = f" from entry {piece.before + 1} on" if piece.before else ""
        raise JobFault(f"The {piece.bundle['type']} was refused{place}: {_diagnostics(answer)}")
    found: list[dict[str, Any]] = answer.get("entry", [])
    return found


def _answer_to_keep(request: FhirRequest, partition: Partition) -> FhirResponse:
    """Raises StoreLost: that the disk was full is nothing to note of an entry for ever."""
    response = engine.respond(request, partition, FULL)
    body = response.body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    answer = decode_object(body)
    outcomes = [entry.get("response", {}).get("outcome") or {} for entry in answer.get("entry", [])]
    for outcome in (answer, *outcomes):
        if any(issue.get("code") == StoreLost.code for issue in outcome.get("issue", [])):
            raise StoreLost(_diagnostics(outcome))
    return response


def _diagnostics(outcome: Resource) -> str:
    return "; ".join(str(issue.get("diagnostics", issue.get("code"))) for issue in outcome.get("issue", []))


def _answer_name(progress: Progress) -> str:
    return f"import {progress.job.deployment_id}/{progress.job.pk}"
