"""The jobs of the Data tab: load a preset, import a file, export, clear. They leave the deployment's state alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deployments import import_files, presets, quantities, transfers
from deployments.bundle_jobs import EXECUTABLE, execute_bundle, forget_bundle
from deployments.import_files import Ids, Line, Place, Resource
from deployments.jobs import JobFault, Kind, Progress, Step, register_kind
from deployments.loading import forget_mark, load_name, partition_of
from deployments.provisioning import generate_preset, load_preset
from deployments.selectors import forget_counts
from deployments.sizes import get_size
from deployments.transfers import ErrorFile
from fhirserver import bulk, partitions
from fhirserver.clearing import clear
from fhirserver.outcomes import FhirError
from fhirserver.partitions import Partition
from fhirserver.profiles import require_profiles
from fhirserver.resuming import Mark, keep_mark, mark_of

PRESET, IMPORT, EXPORT, CLEAR = "preset", "import", "export", "clear"
DATA_KINDS = (PRESET, IMPORT, EXPORT, CLEAR)
REPORT_EVERY = 200


def _preset(progress: Progress) -> presets.Preset:
    return presets.get_preset(progress.job.arguments["preset"])


def _load_preset(progress: Progress) -> None:
    load_preset(progress, _preset(progress))
    forget_counts(progress.job.deployment)


def _upload(progress: Progress) -> Path:
    path = transfers.directory_of(progress.job.deployment) / str(progress.job.arguments["upload"])
    if not path.exists():
        raise JobFault("The uploaded file is no longer there. Upload it again.")
    return path


def _source(progress: Progress, place: Place | None = None) -> tuple[Resource | None, Iterator[Line]]:
    """The transaction or batch that the upload is, else its resources one by one."""
    path = _upload(progress)
    try:
        document = import_files.read_document(path)
    except import_files.Unreadable as error:
        raise JobFault(str(error)) from error
    if document is None:
        return None, import_files.lines_of(path, place)
    if document.get("resourceType") != "Bundle":
        return None, iter([Line(1, document)])
    if document.get("type") in EXECUTABLE:
        return document, iter(())
    return None, import_files.entries_of(document)


def _problems(line: Line, partition: Partition, ids: Ids) -> list[tuple[str, str]]:
    """What is wrong with a resource, the profiles that writes must meet included: each problem with its path."""
    if line.problem:
        return [("", line.problem)]
    first = ids.first(line)
    if first != line.number:
        return [("id", f"{line.resource['resourceType']}/{line.resource['id']} is on line {first} already.")]
    try:
        bulk.check(line.resource)
        require_profiles(partition, line.resource or {})
    except FhirError as error:
        return [(issue.expression, issue.diagnostics) for issue in error.issues()]
    return []


def _validate(progress: Progress) -> None:
    """Look at every resource before any is stored."""
    partition = partition_of(progress.job.deployment)
    place = Place()
    document, lines = _source(progress, place)
    if document is not None:
        lines = import_files.entries_of(document) if document.get("type") != "batch" else iter(())
    errors, ids = ErrorFile(progress.job), Ids()
    number = bad = 0
    for number, line in enumerate(lines, start=1):
        found = _problems(line, partition, ids) if line.resource or line.problem else []
        for path, problem in found:
            errors.add(line.number, problem, path)
        bad += bool(found)
        if number % REPORT_EVERY == 0:
            _report_checked(progress, number, bad, place.share)
    errors.close()
    progress.job.result = {"checked": number, "invalid": bad, "errors": errors.count}
    progress.report(number, number, _checked_words(number, bad, document))
    if bad and not progress.job.arguments.get("skip_invalid"):
        raise JobFault(
            f"{bad:,} of {quantities.count(number, 'resource')} {'is' if bad == 1 else 'are'} invalid; nothing was loaded. The errors can be downloaded."
        )
    _check_room(progress, number - bad)


def _checked_words(number: int, bad: int, document: Resource | None) -> str:
    """`document`: the transaction or batch that the file is."""
    if document is not None and document.get("entry"):
        if document["type"] == "batch":
            return "Each entry of the batch is checked when it is carried out"
    elif not number:
        return "The file holds no resource: there is nothing to load"
    return f"{quantities.count(number, 'resource')} checked, {bad:,} invalid"


def _report_checked(progress: Progress, number: int, bad: int, share: float) -> None:
    """How many lines a file has is known at its end only; how much of its bytes was read, at once."""
    told = f"{quantities.count(number, 'resource')} checked" + (f", {bad:,} invalid" if bad else "")
    percent = f", {share:.0%} of the file".replace("%", " %") if share else ""
    progress.report(number, round(number / share) if share else None, told + percent)


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
        execute_bundle(progress, partition, document)
        return
    result = progress.job.result
    expected = result["checked"] - result["invalid"]
    # A worker that took the job over begins after the last line that the one before it stored.
    name = load_name(progress.job)
    last, before = mark_of(partition, name)
    reading = _Reading(partition, lines, last)

    def report(done: int) -> None:
        result["loaded"] = before + done
        detail = quantities.of(before + done, expected, "resource")
        progress.report(before + done, max(before + done, expected), detail)

    def note(stored: int) -> None:
        keep_mark(partition, name, Mark(reading.at, before + stored))

    good = (transfers.with_id(line, progress.job) for line in reading.good())
    result["loaded"] = loaded = before + bulk.load(partition, good, report=report, note=note)
    progress.report(loaded, loaded, f"{quantities.count(loaded, 'resource')} loaded")


class _Reading:
    """The good lines after those that were stored already; `at`: the line that was read last."""

    def __init__(self, partition: Partition, lines: Iterator[Line], stored: int) -> None:
        self._partition, self._lines, self._stored = partition, lines, stored
        self.at = stored

    def good(self) -> Iterator[Line]:
        ids = Ids()
        for line in self._lines:
            if line.number <= self._stored:
                ids.first(line)
            elif not _problems(line, self._partition, ids):
                self.at = line.number
                yield line


def _forget_upload(progress: Progress) -> None:
    forget_bundle(progress, partition_of(progress.job.deployment))
    forget_mark(progress.job)
    forget_counts(progress.job.deployment)
    # A worker that took the job over may find it deleted.
    path = transfers.directory_of(progress.job.deployment) / str(progress.job.arguments["upload"])
    path.unlink(missing_ok=True)
    progress.report(1, 1, "The uploaded file is deleted")


def _export(progress: Progress) -> None:
    """One NDJSON file a type, each written whole or not at all; on a full disk none is left to take room from what others write."""
    try:
        _write_files(progress)
    except OSError:
        shutil.rmtree(transfers.job_directory(progress.job), ignore_errors=True)
        raise


def _write_files(progress: Progress) -> None:
    partition = partition_of(progress.job.deployment)
    counts = partitions.counts_by_type(partition)
    total, done = sum(counts.values()), 0
    files: list[dict[str, Any]] = []
    for resource_type in counts:
        path = transfers.job_directory(progress.job) / f"{resource_type}.ndjson"
        unfinished = path.with_suffix(".part")
        before = done
        with unfinished.open("wb") as file:
            for content in bulk.dump(partition, resource_type):
                file.write(content + b"\n")
                done += 1
                if done % REPORT_EVERY == 0:
                    progress.report(done, max(done, total), quantities.of(done, total, "resource"))
        unfinished.replace(path)
        # There may be more or fewer than were counted: data can change while it is written.
        files.append({"type": resource_type, "count": done - before, "bytes": path.stat().st_size})
    progress.job.result = {"files": files}
    progress.report(done, done, quantities.count(done, "resource"))


def _clear(progress: Progress) -> None:
    partition = partition_of(progress.job.deployment)
    before = progress.job.result.get("deleted", 0)
    there = before + partitions.count_resources(partition)

    def report(done: int) -> None:
        progress.job.result["deleted"] = gone = before + done
        progress.report(gone, max(gone, there), f"{quantities.of(gone, there, 'resource')} deleted")

    gone = before + clear(partition, report)
    forget_counts(progress.job.deployment)
    progress.report(gone, gone, f"{quantities.count(gone, 'resource')} deleted")


def register() -> None:
    """Make these kinds known; called when the app is ready."""
    register_kind(
        Kind(
            PRESET,
            "Load preset data",
            (
                Step("generate", "Prepare the data", lambda step: generate_preset(step, _preset(step))),
                Step("load", "Load the data", _load_preset),
            ),
            forget_mark,
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
