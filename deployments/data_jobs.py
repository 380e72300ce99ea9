"""The jobs of the Data tab: load a preset, import a file, export, clear. They leave the deployment's state alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deployments import presets, quantities, transfers
from deployments.jobs import JobFault, Kind, Progress, Step, register_kind
from deployments.loading import partition_of
from deployments.provisioning import generate_preset, load_preset
from deployments.sizes import get_size
from deployments.transfers import ErrorFile, Line, Resource
from fhirserver import bulk, engine, partitions
from fhirserver.access import FULL
from fhirserver.guides.install import restore
from fhirserver.http import FhirRequest
from fhirserver.outcomes import FhirError
from fhirserver.partitions import Partition
from fhirserver.profiles import require_profiles
from fhirspec.json import decode_object, encode

PRESET, IMPORT, EXPORT, CLEAR = "preset", "import", "export", "clear"
DATA_KINDS = (PRESET, IMPORT, EXPORT, CLEAR)
EXECUTABLE = ("transaction", "batch")
REPORT_EVERY = 200


def _preset(progress: Progress) -> presets.Preset:
    return presets.get_preset(progress.job.arguments["preset"])


def _upload(progress: Progress) -> Path:
    path = transfers.directory_of(progress.job.deployment) / str(progress.job.arguments["upload"])
    if not path.exists():
        raise JobFault("The uploaded file is no longer there. Upload it again.")
    return path


def _source(progress: Progress) -> tuple[Resource | None, Iterator[Line]]:
    """The transaction or batch that the upload is, else its resources one by one."""
    path = _upload(progress)
    try:
        document = transfers.read_document(path)
    except transfers.Unreadable as error:
        raise JobFault(str(error)) from error
    if document is None:
        return None, transfers.lines_of(path)
    if document.get("resourceType") != "Bundle":
        return None, iter([Line(1, document)])
    if document.get("type") in EXECUTABLE:
        return document, iter(())
    return None, transfers.entries_of(document)


def _problems(line: Line, partition: Partition) -> list[tuple[str, str]]:
    """What is wrong with a resource, the profiles that writes must meet included: each problem with its path."""
    if line.problem:
        return [("", line.problem)]
    try:
        bulk.check(line.resource)
        require_profiles(partition, line.resource or {})
    except FhirError as error:
        return [(issue.expression, issue.diagnostics) for issue in error.issues()]
    return []


def _validate(progress: Progress) -> None:
    """Look at every resource before any is stored."""
    partition = partition_of(progress.job.deployment)
    document, lines = _source(progress)
    if document is not None:
        lines = transfers.entries_of(document) if document.get("type") != "batch" else iter(())
    errors = ErrorFile(progress.job)
    number = bad = 0
    for number, line in enumerate(lines, start=1):
        found = _problems(line, partition) if line.resource or line.problem else []
        for path, problem in found:
            errors.add(line.number, problem, path)
        bad += bool(found)
        if number % REPORT_EVERY == 0:
            progress.report(number, None, f"{quantities.count(number, 'resource')} checked")
    errors.close()
    progress.job.result = {"checked": number, "invalid": bad, "errors": errors.count}
    progress.report(number, number, f"{quantities.count(number, 'resource')} checked, {bad:,} invalid")
    if bad and not progress.job.arguments.get("skip_invalid"):
        raise JobFault(
            f"{bad:,} of {quantities.count(number, 'resource')} are invalid; nothing was loaded. The errors can be downloaded."
        )
    _check_room(progress, number - bad)


def _check_room(progress: Progress, coming: int) -> None:
    deployment = progress.job.deployment
    limit = get_size(deployment.size).stored_resources
    there = partitions.count_resources(partition_of(deployment))
    if there + coming > limit:
        raise JobFault(
            f"{there:,} resources are stored and {coming:,} would come; the size allows {limit:,}. Choose a larger size."
        )


def _load(progress: Progress) -> None:
    partition = partition_of(progress.job.deployment)
    document, lines = _source(progress)
    if document is not None:
        _execute(progress, partition, document)
        return
    expected = progress.job.result["checked"] - progress.job.result["invalid"]
    good = (transfers.with_id(line, progress.job) for line in lines if not _problems(line, partition))

    def report(done: int) -> None:
        progress.report(done, max(done, expected), quantities.of(done, expected, "resource"))

    loaded = bulk.load(partition, good, report=report)
    progress.job.result["loaded"] = loaded
    progress.report(loaded, loaded, f"{quantities.count(loaded, 'resource')} loaded")


def _execute(progress: Progress, partition: Partition, bundle: Resource) -> None:
    """A transaction or batch goes through the engine, as if a client had sent it."""
    request = FhirRequest("POST", "", headers={"content-type": "application/fhir+json"}, body=encode(bundle))
    response = engine.respond(request, partition, FULL)
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    answer = decode_object(body)
    if response.status >= 400:
        raise JobFault(f"The {bundle['type']} was refused: {_diagnostics(answer)}")
    errors = ErrorFile(progress.job)
    entries = answer.get("entry", [])
    for number, entry in enumerate(entries, start=1):
        result = entry.get("response", {})
        if not str(result.get("status", "")).startswith("2"):
            errors.add(number, _diagnostics(result.get("outcome") or {}) or str(result.get("status")))
    errors.close()
    done = len(entries) - errors.count
    progress.job.result |= {"loaded": done, "errors": errors.count}
    progress.report(done, len(entries), f"{quantities.of(done, len(entries), 'request')} done")


def _diagnostics(outcome: Resource) -> str:
    return "; ".join(str(issue.get("diagnostics", issue.get("code"))) for issue in outcome.get("issue", []))


def _forget_upload(progress: Progress) -> None:
    _upload(progress).unlink()
    progress.report(1, 1, "The uploaded file is deleted")


def _export(progress: Progress) -> None:
    """One NDJSON file a type, each written whole or not at all."""
    partition = partition_of(progress.job.deployment)
    counts = partitions.counts_by_type(partition)
    total, done = sum(counts.values()), 0
    files: list[dict[str, Any]] = []
    for resource_type, count in counts.items():
        path = transfers.job_directory(progress.job) / f"{resource_type}.ndjson"
        unfinished = path.with_suffix(".part")
        with unfinished.open("wb") as file:
            for content in bulk.dump(partition, resource_type):
                file.write(content + b"\n")
                done += 1
                if done % REPORT_EVERY == 0:
                    progress.report(done, max(done, total), quantities.of(done, total, "resource"))
        unfinished.replace(path)
        files.append({"type": resource_type, "count": count, "bytes": path.stat().st_size})
    progress.job.result = {"files": files}
    progress.report(done, done, quantities.count(done, "resource"))


def _clear(progress: Progress) -> None:
    partition = partition_of(progress.job.deployment)
    there = partitions.count_resources(partition)
    partitions.clear(partition)
    restore(partition)
    progress.report(there, there, f"{quantities.count(there, 'resource')} deleted")


def register() -> None:
    """Make these kinds known; called when the app is ready."""
    register_kind(
        Kind(
            PRESET,
            "Load preset data",
            (
                Step("generate", "Prepare the data", lambda step: generate_preset(step, _preset(step))),
                Step("load", "Load the data", lambda step: load_preset(step, _preset(step))),
            ),
        )
    )
    register_kind(
        Kind(
            IMPORT,
            "Import a file",
            (
                Step("validate", "Check every resource", _validate),
                Step("load", "Load the resources", _load),
                Step("forget", "Clean up", _forget_upload),
            ),
        )
    )
    register_kind(Kind(EXPORT, "Export", (Step("export", "Write the files", _export),)))
    register_kind(Kind(CLEAR, "Clear all data", (Step("clear", "Delete every resource", _clear),)))
