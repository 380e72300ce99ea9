"""The one writer of responses: status, ETag, Last-Modified, Location, Content-Type and what `Prefer: return` asks for.

https://hl7.org/fhir/R4/http.html#versioning, https://hl7.org/fhir/R4/http.html#ops
"""

from collections.abc import Iterator, Sequence
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.negotiation import JSON_TYPE
from fhirserver.outcomes import FhirError, Forbidden, Issue, outcome_bytes
from fhirserver.store import Version

_DONE = Issue("informational", "The interaction succeeded.", severity="information")


def etag(version: int) -> str:
    return f'W/"{version}"'


@lru_cache(maxsize=1024)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def version_headers(version: Version) -> dict[str, str]:
    return {
        "Content-Type": JSON_TYPE,
        "ETag": etag(version.version),
        "Last-Modified": _http_date(version.updated // 1_000_000),
    }


def resource_response(request: FhirRequest, version: Version) -> FhirResponse:
    """A stored version, or 304 when the client already has it."""
    headers = version_headers(version)
    if _is_known(request, version):
        del headers["Content-Type"]
        return FhirResponse(304, headers)
    return FhirResponse(200, headers, version.content or b"")


def _is_known(request: FhirRequest, version: Version) -> bool:
    if request.header("if-none-match"):
        return knows_tag(request, str(version.version))
    since = request.header("if-modified-since")
    if not since:
        return False
    try:
        return version.updated // 1_000_000 <= parsedate_to_datetime(since).timestamp()
    except (ValueError, OverflowError):
        # RFC 9110, 13.1.3: a date that cannot be read counts as none. One of the year 99999999999 overflows.
        return False


def knows_tag(request: FhirRequest, tag: str) -> bool:
    """Whether If-None-Match names this tag, or any."""
    known = tags_of(request.header("if-none-match"))
    return "*" in known or tag in known


def tags_of(condition: str) -> list[str]:
    """The entity tags of If-Match or If-None-Match, weak and strong ones alike."""
    return [tag.strip().removeprefix("W/").strip('"') for tag in condition.split(",")]


def location(base_url: str, version: Version) -> str:
    return f"{base_url}/{version.type}/{version.logical_id}/_history/{version.version}"


def written_response(request: FhirRequest, version: Version, status: int) -> FhirResponse:
    """The answer to a create, update or patch."""
    headers = version_headers(version)
    headers["Location"] = location(request.base_url, version)
    if status == 201:
        headers["Content-Location"] = headers["Location"]
    body = written_body(request, version)
    if not body:
        del headers["Content-Type"]
    return FhirResponse(status, headers, body)


def written_body(request: FhirRequest, version: Version) -> bytes:
    wanted = preference(request, "return")
    if wanted == "minimal":
        return b""
    if wanted == "operationoutcome":
        return outcome_bytes(_DONE)
    return version.content or b""


def deleted_response(request: FhirRequest, versions: Sequence[Version]) -> FhirResponse:
    """The answer to a delete of so many resources; one that an OperationOutcome is preferred for says how many."""
    headers = {"ETag": etag(versions[0].version)} if len(versions) == 1 else {}
    if preference(request, "return") != "operationoutcome":
        return FhirResponse(204, headers)
    count = f"{len(versions)} resources were deleted." if len(versions) != 1 else "1 resource was deleted."
    body = outcome_bytes(Issue("informational", count, severity="information"))
    return FhirResponse(200, {"Content-Type": JSON_TYPE, **headers}, body)


def json_response(body: bytes | Iterator[bytes], status: int = 200) -> FhirResponse:
    return FhirResponse(status, {"Content-Type": JSON_TYPE}, body)


def error_response(error: FhirError) -> FhirResponse:
    headers = {"Content-Type": JSON_TYPE, **error.headers}
    if error.status == 503:
        headers.setdefault("Retry-After", "2")
    response = FhirResponse(error.status, headers, outcome_bytes(*error.issues()))
    if isinstance(error, Forbidden):
        response.missing, response.check = error.missing, error.check
    return response


def preference(request: FhirRequest, name: str) -> str:
    """The value of one preference of the Prefer header (`return`, `handling`) in lower case, empty when it is not given."""
    header = request.header("prefer")
    if not header:
        return ""
    for part in header.replace(",", ";").split(";"):
        key, _, value = part.strip().partition("=")
        if key.strip().lower() == name:
            return value.strip().strip('"').lower()
    return ""
