"""Bulk Data access over HTTP: kick-off, status, files, deletion. The work is a job of the deployment.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

import json
import re
from collections.abc import Iterator
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from typing import Any

from deployments import bulk_export
from deployments.bulk_export import TooManyExports
from deployments.models import Job, JobState
from fhirserver.access import AccessGrant
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.operations.export import require_filter, require_possible
from fhirserver.outcomes import BadRequest, FhirError
from fhirserver.partitions import Partition
from fhirserver.representation import read_resource
from fhirserver.responses import error_response
from gateway import limits
from gateway.bulk_kick_off import read_kick_off
from gateway.decisions import Credential
from gateway.inbound import Inbound
from gateway.outcomes import outcome

_KICK_OFF = re.compile(r"(?:\$export|(Patient)/\$export|Group/([A-Za-z0-9\-.]{1,64})/\$export)")
_STATUS = re.compile(r"\$export/(\d{1,18})(?:/([A-Za-z]+\.ndjson))?")
_CHUNK = 64 * 1024
POLLS_A_SECOND = 10
"""Of one export; its answers say Retry-After: 1."""
NDJSON = "application/fhir+ndjson"


def is_bulk(path: str) -> bool:
    return "$export" in path and bool(_KICK_OFF.fullmatch(path) or _STATUS.fullmatch(path))


def answer(
    request: Inbound,
    partition: Partition,
    credential: Credential,
    grant: AccessGrant,
    largest_body: int | None,
) -> FhirResponse:
    """Every request whose path `is_bulk`. `largest_body`: of the deployment, in bytes, where it has a limit of its own."""
    try:
        response = _answer(request, partition, credential, grant, largest_body)
    except FhirError as error:
        response = error_response(error)
    response.interaction = "operation"
    return response


def _answer(
    request: Inbound,
    partition: Partition,
    credential: Credential,
    grant: AccessGrant,
    largest_body: int | None,
) -> FhirResponse:
    owner = f"{credential.kind}:{credential.identifier}"
    started = _STATUS.fullmatch(request.path)
    if started is None:
        return _kick_off(request, partition, owner, grant, largest_body)
    job = bulk_export.find_export(request.deployment_id, int(started.group(1)), owner=owner, grant=grant)
    if job is None:
        return outcome(404, "not-found", "There is no such export, or it is another client's.")
    if started.group(2):
        return _file(request, job, started.group(2))
    if request.method == "DELETE":
        bulk_export.forget_export(job)
        return FhirResponse(202)
    if request.method not in ("GET", "HEAD"):
        return _not_allowed("DELETE, GET")
    return _status(request, job)


def _not_allowed(methods: str) -> FhirResponse:
    return outcome(405, "not-supported", "This address does not take the method.", {"Allow": methods})


def _kick_off(
    request: Inbound, partition: Partition, owner: str, grant: AccessGrant, largest_body: int | None
) -> FhirResponse:
    if request.method not in ("GET", "POST"):
        return _not_allowed("GET, POST")
    if "respond-async" not in request.headers.get("prefer", "").lower():
        raise BadRequest("An export needs the header Prefer: respond-async.")
    found = _KICK_OFF.fullmatch(request.path)
    group = (found.group(2) if found else "") or ""
    level = "group" if group else "patient" if found and found.group(1) else "system"
    parameters = _parameters(request, largest_body) if request.method == "POST" else None
    asked = read_kick_off(request, parameters, level, group, partial(require_filter, partition, grant))
    require_possible(partition, grant, asked.export)
    url = f"{request.base_url()}/{request.path}" + (
        f"?{request.query_string}" if request.query_string else ""
    )
    try:
        job = bulk_export.start_export(
            request.deployment_id, asked.export, grant, owner=owner, request_url=url, ignored=asked.ignored
        )
    except TooManyExports:
        return outcome(429, "throttled", "As many bulk jobs run as the size allows.", {"Retry-After": "10"})
    return FhirResponse(202, {"Content-Location": f"{request.base_url()}/$export/{job.pk}"})


def _parameters(request: Inbound, largest_body: int | None) -> dict[str, Any] | None:
    """The resource in the body, JSON or XML; None where there is no body."""
    body = request.body(largest_body)
    if not body:
        return None
    return read_resource(FhirRequest("POST", request.path, [], request.headers, body, request.base_url()))


def _status(request: Inbound, job: Job) -> FhirResponse:
    if not limits.take(POLLS_A_SECOND, request.deployment_id, f"export:{job.pk}"):
        text = f"Ask for the status of an export at most {POLLS_A_SECOND} times a second (POLLS_A_SECOND); once is enough."
        return outcome(429, "throttled", text, {"Retry-After": "1"})
    if job.is_open:
        detail = (job.current_step or {}).get("detail") or job.get_state_display()
        return FhirResponse(202, {"X-Progress": str(detail)[:100], "Retry-After": "1"})
    if job.state != JobState.DONE:
        return outcome(500, "exception", job.error or "The export did not end well.")
    place = f"{request.base_url()}/$export/{job.pk}"
    output, deleted, messages = (
        [
            {"type": file["type"], "url": f"{place}/{file['name']}", "count": file["count"]}
            for file in job.result.get(kind, [])
        ]
        for kind in bulk_export.FILE_LISTS
    )
    manifest = {
        "transactionTime": job.arguments["transaction_time"],
        "request": job.arguments["request"],
        "requiresAccessToken": True,
        "output": output,
        "deleted": deleted,
        "error": messages,
    }
    headers = {
        "Content-Type": "application/json",
        "Expires": format_datetime(bulk_export.expires(job), usegmt=True),
    }
    return FhirResponse(200, headers, json.dumps(manifest).encode())


def _file(request: Inbound, job: Job, name: str) -> FhirResponse:
    if request.method not in ("GET", "HEAD"):
        return _not_allowed("GET")
    path = bulk_export.file_of(job, name)
    if path is None:
        return outcome(404, "not-found", "The export has no such file, or it was deleted after a day.")
    headers = {"Content-Type": NDJSON, "Content-Length": str(path.stat().st_size)}
    return FhirResponse(200, headers, _chunks(path))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
