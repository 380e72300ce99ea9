"""`load preset` and `load file`: data by a job, files in parts that go on where they broke off."""

import argparse
from pathlib import Path
from typing import Any, BinaryIO

from cli import session
from cli.client import Api
from cli.commands.adding import Commands, add, group, waits
from cli.errors import CommandError, Exit
from cli.finding import find_deployment
from cli.output import Output
from cli.waiting import wait_for_job

PART = 8 * 1024 * 1024


def register(commands: Commands, shared: argparse.ArgumentParser) -> None:
    those = group(commands, "load", "Load data into a deployment.")
    ready = add(those, shared, "preset", load_preset, "Load a synthetic data set.")
    ready.add_argument("deployment", metavar="DEPLOYMENT")
    ready.add_argument("preset", metavar="PRESET", help="synthea-5, synthea-20 or synthea-50")
    own = add(those, shared, "file", load_file, "Check and load a Bundle or NDJSON.")
    own.add_argument("deployment", metavar="DEPLOYMENT")
    own.add_argument("file", metavar="FILE", type=Path)
    own.add_argument("--skip-invalid", action="store_true", help="load the valid ones although some are not")
    for command in (ready, own):
        waits(command)


def load_preset(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    found = find_deployment(api, given.deployment)
    _finish(api, out, given, found, api.post(f"deployments/{found}/presets/", {"preset": given.preset}))


def load_file(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    found = find_deployment(api, given.deployment)
    try:
        with given.file.open("rb") as file:
            upload = _send(api, out, found, file, given.file.stat().st_size)
    except KeyboardInterrupt:
        out.note("Nothing was loaded. What was sent is deleted within a day.")
        raise
    except OSError as error:
        raise CommandError(f"{given.file} cannot be read: {error.strerror}", Exit.USAGE) from error
    asked = {"upload": upload, "filename": given.file.name, "skip_invalid": given.skip_invalid}
    _finish(api, out, given, found, api.post(f"deployments/{found}/imports/", asked))


def _send(api: Api, out: Output, deployment: str, file: BinaryIO, size: int) -> str:
    """The name of the upload, when all its parts have come."""
    upload = str(api.post(f"deployments/{deployment}/uploads/")["upload"])
    path, offset = f"deployments/{deployment}/uploads/{upload}/", 0
    while part := file.read(PART):
        try:
            offset = api.patch_part(path, part, offset)
        except CommandError as error:
            # The part came, its answer was lost and it was sent again: go on where the server says.
            offset = int(api.get(path)["offset"])
            if error.code is not Exit.REFUSED or offset != file.tell():
                raise
        out.progress(f"Sending {file.tell():,} of {size:,} bytes")
    out.settle()
    return upload


def _finish(api: Api, out: Output, given: argparse.Namespace, found: str, job: dict[str, Any]) -> None:
    if given.wait:
        try:
            job = wait_for_job(api, out, found, job["id"], given.timeout)
        except CommandError:
            _show_errors(api, out, found, job["id"])
            raise
    out.item(job, ("id", "kind", "state", "result"))


def _show_errors(api: Api, out: Output, deployment: str, job_id: int) -> None:
    """Where the errors by line are, when the import left any."""
    files = api.get(f"deployments/{deployment}/jobs/{job_id}/files/")["results"]
    for file in files:
        if file["name"] == "errors":
            place = f"/api/v1/deployments/{deployment}/jobs/{job_id}/files/errors/"
            out.note(f"{file['lines']} errors by line: {place}, or the deployment's Data page.")
