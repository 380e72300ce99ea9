"""From a resource as it came to the change that the store writes."""

import re
import uuid
from typing import Any

from fhirserver.authorise import letter_of_write, require_current, require_no_other_patient, require_rows
from fhirserver.content import BINARY, binary_of, holds_content, with_what_content_cannot_say
from fhirserver.guides.memory import guides_of
from fhirserver.http import FhirRequest
from fhirserver.indexing.extract import index_rows
from fhirserver.instants import instant
from fhirserver.outcomes import BadRequest, Invalid, Issue, NotFound, PreconditionFailed
from fhirserver.profiles import require_profiles
from fhirserver.representation import body_of, read_resource
from fhirserver.responses import tags_of
from fhirserver.store import Change, Current, Store, Version, change_of, new_version_time, rid_of
from fhirspec import json
from fhirspec.validation import validate

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def new_logical_id() -> str:
    return str(uuid.uuid4())


def is_id(logical_id: object) -> bool:
    return isinstance(logical_id, str) and _ID.fullmatch(logical_id) is not None


def require_id(logical_id: str) -> None:
    if not is_id(logical_id):
        raise BadRequest(f"{logical_id!r} is not a valid id: up to 64 letters, digits, - and .")


def read_valid_resource(request: FhirRequest, store: Store) -> dict[str, Any]:
    """The body as a valid resource of the type that the address names; what is sent to Binary may be its content."""
    resource = _content(request, store) if request.resource_type == BINARY else None
    resource = resource or read_resource(request)
    require_type(resource, request.resource_type)
    require_valid(resource)
    return resource


def _content(request: FhirRequest, store: Store) -> dict[str, Any] | None:
    body = body_of(request)
    if not holds_content(request, body):
        return None
    current = store.get_to_change(BINARY, request.logical_id) if request.logical_id else None
    return with_what_content_cannot_say(binary_of(request, body), current)


def require_type(resource: dict[str, Any], resource_type: str) -> None:
    if resource["resourceType"] != resource_type:
        raise BadRequest(f"The body is a {resource['resourceType']}, the address says {resource_type}.")


def is_valid(resource: dict[str, Any]) -> bool:
    return not any(problem.is_error for problem in validate(resource, resource["resourceType"]))


def require_valid(resource: dict[str, Any]) -> None:
    """Raises Invalid with every problem when the resource is not valid R4."""
    problems = validate(resource, resource["resourceType"])
    if any(problem.is_error for problem in problems):
        raise Invalid(
            "The resource is not valid.",
            problems=[
                Issue(problem.code, problem.message, severity=problem.severity, expression=problem.path)
                for problem in problems
            ],
        )


def stored_form(resource: dict[str, Any], logical_id: str, version: int, updated: int) -> dict[str, Any]:
    """The resource with its id and the server's part of meta, in FHIR's order."""
    meta = resource.get("meta")
    kept = (
        {key: value for key, value in meta.items() if key not in ("versionId", "lastUpdated")} if meta else {}
    )
    return {
        "resourceType": resource["resourceType"],
        "id": logical_id,
        "meta": {"versionId": str(version), "lastUpdated": instant(updated), **kept},
        **{key: value for key, value in resource.items() if key not in ("resourceType", "id", "meta")},
    }


def prepare(
    store: Store, resource: dict[str, Any], logical_id: str, current: Current | None, method: str
) -> Change:
    """The change that stores this valid resource as the next version. Raises Forbidden outside of the grant."""
    resource_type = resource["resourceType"]
    updated = new_version_time(current)
    stored = stored_form(resource, logical_id, current.version + 1 if current else 1, updated)
    if not store.is_installing:
        require_profiles(store.partition, resource)
    added = guides_of(store.partition).added_to(resource_type)
    rows = index_rows(stored, rid_of(resource_type, logical_id), updated, added, store.partition.base)
    is_new = current is None or current.deleted
    letter = letter_of_write(store.grant, resource_type, is_new, method, rows)
    require_rows(store.grant, resource_type, letter, rows)
    if not store.grant.is_unconfined(resource_type, letter):
        require_no_other_patient(store, letter, stored, rows, current)
    if current is not None:
        require_current(store, letter, current)
    return change_of(current, resource_type, logical_id, updated, method, json.encode(stored), rows)


def version_of(change: Change) -> Version:
    return Version(
        change.rid,
        change.type,
        change.logical_id,
        change.version,
        change.updated,
        change.method,
        change.content,
    )


def check_if_match(condition: str, current: Current | None) -> None:
    """https://hl7.org/fhir/R4/http.html#concurrency"""
    if not condition:
        return
    wanted = tags_of(condition)
    if current is None or current.deleted:
        raise PreconditionFailed(f"If-Match asks for version {condition}; there is no current version.")
    if str(current.version) not in wanted and "*" not in wanted:
        raise PreconditionFailed(
            f"If-Match asks for version {condition}; the current one is {current.version}."
        )


def check_if_none_match(condition: str, current: Current | None) -> None:
    """RFC 9110, 13.1.2: nothing is written over a version that the condition names."""
    if not condition or current is None or current.deleted:
        return
    tags = tags_of(condition)
    if "*" in tags or str(current.version) in tags:
        raise PreconditionFailed(
            f"If-None-Match: {condition} does not allow to replace version {current.version}."
        )


def not_found(resource_type: str, logical_id: str) -> NotFound:
    return NotFound(f"There is no {resource_type} with the id {logical_id}.")
