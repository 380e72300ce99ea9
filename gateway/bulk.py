"""Bulk Data access over HTTP: kick-off, status, files, deletion. The work is a job of the deployment.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html
"""

import json
import re
from collections.abc import Iterator
from email.utils import format_datetime
from pathlib import Path

from deployments import bulk_export
from deployments.bulk_export import TooManyExports
from deployments.models import Job, JobState
from fhirserver.access import AccessGrant
from fhirserver.http import FhirResponse
from fhirserver.instants import instant_range
from fhirserver.operations.export import ExportRequest, exported_types
from fhirserver.outcomes import BadRequest, FhirError
from fhirserver.partitions import Partition
from fhirserver.responses import error_response
from fhirspec.json import MalformedJson, decode_object
from gateway.decisions import Credential
from gateway.inbound import Inbound
from gateway.outcomes import outcome

_KICK_OFF = re.compile(r"(?:\$export|(Patient)/\$export|Group/([A-Za-z0-9\-.]{1,64})/\$export)")
_STATUS = re.compile(r"\$export/(\d{1,18})(?:/([A-Za-z]+\.ndjson))?")
_FORMATS = frozenset({"application/fhir+ndjson", "application/ndjson", "ndjson"})
_KNOWN = frozenset({"_outputFormat", "_since", "_until", "_type", "_typeFilter", "_elements"})
_CHUNK = 64 * 1024
NDJSON = "application/fhir+ndjson"

Parameters = list[tuple[str, str]]


def is_bulk(path: str) -> bool:
    return "$export" in path and bool(_KICK_OFF.fullmatch(path) or _STATUS.fullmatch(path))


def answer(
    request: Inbound, partition: Partition, credential: Credential, grant: AccessGrant
) -> FhirResponse:
    """Every request whose path `is_bulk`."""
    try:
        response = _answer(request, partition, credential, grant)
    except FhirError as error:
        response = error_response(error)
    response.interaction = "operation"
    return response


def _answer(
    request: Inbound, partition: Partition, credential: Credential, grant: AccessGrant
) -> FhirResponse:
    owner = f"{credential.kind}:{credential.identifier}"
    started = _STATUS.fullmatch(request.path)
    if started is None:
        return _kick_off(request, partition, owner, grant)
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


def _parameters(request: Inbound) -> Parameters:
    """Of the query, or of a Parameters resource in the body. Raises BadRequest."""
    parameters = request.query()
    if request.method != "POST" or not (body := request.body()):
        return parameters
    try:
        resource = decode_object(body)
    except MalformedJson as error:
        raise BadRequest(str(error)) from error
    if resource.get("resourceType") != "Parameters":
        raise BadRequest("The body must be a Parameters resource.")
    for one in resource.get("parameter", []):
        value = next((one[key] for key in one if key.startswith("value")), "")
        parameters.append((str(one.get("name", "")), str(value)))
    return parameters


def _read(request: Inbound, parameters: Parameters) -> ExportRequest:
    lenient = "handling=lenient" in request.headers.get("prefer", "")
    unknown = sorted({name for name, _ in parameters} - _KNOWN)
    if unknown and not lenient:
        raise BadRequest(f"$export does not take {', '.join(unknown)} here.")
    given = dict(parameters)
    if given.get("_outputFormat", NDJSON).replace(" ", "+") not in _FORMATS:
        raise BadRequest(f"_outputFormat can be {NDJSON} only.")
    filters: dict[str, list[str]] = {}
    for text in (text for name, text in parameters if name == "_typeFilter"):
        resource_type, mark, query = text.partition("?")
        if not mark:
            raise BadRequest(f"_typeFilter is a type, “?” and a search: {text}")
        filters.setdefault(resource_type, []).append(query)
    found = _KICK_OFF.fullmatch(request.path)
    group = (found.group(2) if found else "") or ""
    level = "group" if group else "patient" if found and found.group(1) else "system"
    return ExportRequest(
        level=level,
        group=group,
        types=tuple(_listed(parameters, "_type")),
        since=instant_range("_since", given["_since"])[0] if "_since" in given else None,
        until=instant_range("_until", given["_until"])[0] if "_until" in given else None,
        type_filters={name: tuple(queries) for name, queries in filters.items()},
        elements=frozenset(_listed(parameters, "_elements")),
    )


def _listed(parameters: Parameters, name: str) -> list[str]:
    return [
        part.strip() for key, text in parameters if key == name for part in text.split(",") if part.strip()
    ]


def _kick_off(request: Inbound, partition: Partition, owner: str, grant: AccessGrant) -> FhirResponse:
    if request.method not in ("GET", "POST"):
        return _not_allowed("GET, POST")
    if "respond-async" not in request.headers.get("prefer", ""):
        raise BadRequest("An export needs the header Prefer: respond-async.")
    export = _read(request, _parameters(request))
    if not exported_types(partition, grant, export) and not _reads_anything(grant):
        return outcome(403, "forbidden", "Nothing may be read with this credential.")
    url = f"{request.base_url()}/{request.path}" + (
        f"?{request.query_string}" if request.query_string else ""
    )
    try:
        job = bulk_export.start_export(request.deployment_id, export, grant, owner=owner, request_url=url)
    except TooManyExports:
        return outcome(429, "throttled", "As many bulk jobs run as the size allows.", {"Retry-After": "10"})
    return FhirResponse(202, {"Content-Location": f"{request.base_url()}/$export/{job.pk}"})


def _reads_anything(grant: AccessGrant) -> bool:
    return any("r" in one.interactions for one in grant.permissions)


def _status(request: Inbound, job: Job) -> FhirResponse:
    if job.is_open:
        detail = (job.current_step or {}).get("detail") or job.get_state_display()
        return FhirResponse(202, {"X-Progress": str(detail)[:100], "Retry-After": "1"})
    if job.state != JobState.DONE:
        return outcome(500, "exception", job.error or "The export did not end well.")
    place = f"{request.base_url()}/$export/{job.pk}"
    manifest = {
        "transactionTime": job.arguments["transaction_time"],
        "request": job.arguments["request"],
        "requiresAccessToken": True,
        "output": [
            {"type": file["type"], "url": f"{place}/{file['name']}", "count": file["count"]}
            for file in job.result.get("files", [])
        ],
        "error": [],
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
    if request.method == "HEAD":
        return FhirResponse(200, {"Content-Type": NDJSON})
    return FhirResponse(200, {"Content-Type": NDJSON}, _chunks(path))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk
