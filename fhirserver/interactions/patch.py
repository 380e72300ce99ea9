"""patch and conditional patch, by JSON Patch, FHIRPath Patch and JSON Merge Patch: https://hl7.org/fhir/R4/http.html#patch

R4 knows the first two. The third is taken because clients send it: fhirpy's `patch()`, and whoever knows it from other servers.
"""

from typing import Any

from fhirserver.authorise import require_current
from fhirserver.conditions import matches_of, query_of
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.negotiation import PLAIN_JSON, media_type
from fhirserver.outcomes import BadRequest, Gone, NotFound, Unprocessable, UnsupportedMediaType
from fhirserver.representation import read_json, read_json_object, read_resource
from fhirserver.responses import written_response
from fhirserver.store import Current, Store
from fhirserver.writing import check_if_match, not_found, prepare, require_valid, version_of
from fhirspec import json
from fhirspec.patch import (
    FHIRPATH_PATCH_TYPE,
    JSON_PATCH_TYPE,
    MERGE_PATCH_TYPE,
    PatchError,
    apply_fhirpath_patch,
    apply_json_patch,
    apply_merge_patch,
    type_of_patch,
)

PATCH_TYPES = (JSON_PATCH_TYPE, MERGE_PATCH_TYPE, FHIRPATH_PATCH_TYPE, "application/fhir+xml")


def patch(request: FhirRequest, store: Store) -> FhirResponse:
    current = store.get_to_change(request.resource_type, request.logical_id)
    if current is None:
        raise not_found(request.resource_type, request.logical_id)
    require_current(store, "u", current)
    if current.deleted:
        raise Gone(f"{request.resource_type}/{request.logical_id} was deleted.")
    return _patch_current(request, store, current)


def conditional_patch(request: FhirRequest, store: Store) -> FhirResponse:
    with store.atomic():
        found = matches_of(store, request.resource_type, query_of(request))
        if found is None:
            raise NotFound(f"The condition matches no {request.resource_type}.")
        request.logical_id = found.logical_id
        return patch(request, store)


def _patch_current(request: FhirRequest, store: Store, current: Current) -> FhirResponse:
    check_if_match(request.header("if-match"), current)
    patched = patched_resource(request, json.decode(current.content or b""))
    change = prepare(store, patched, current.logical_id, current, "PATCH")
    [change] = store.write([change])
    return written_response(request, version_of(change), 200)


def patched_resource(request: FhirRequest, resource: dict[str, Any]) -> dict[str, Any]:
    """The valid resource that the request's patch makes of this one."""
    before = (resource["resourceType"], resource["id"])
    try:
        patched = _applied(request, resource)
    except PatchError as error:
        raise Unprocessable(f"The patch cannot be applied: {error}") from error
    if json.is_too_deep(patched):
        raise Unprocessable(
            f"The patch cannot be applied: its result is nested deeper than {json.MAX_DEPTH} levels."
        )
    if not isinstance(patched, dict) or (patched.get("resourceType"), patched.get("id")) != before:
        raise BadRequest("A patch cannot change the resource's type or id.")
    require_valid(patched)
    return patched


def _applied(request: FhirRequest, resource: dict[str, Any]) -> Any:
    kind = media_type(request.header("content-type"))
    if kind in PLAIN_JSON:
        # It does not say which patch it is, so that its body must.
        kind = type_of_patch(read_json(request))
    if kind == JSON_PATCH_TYPE:
        return apply_json_patch(resource, read_json(request))
    if kind == MERGE_PATCH_TYPE:
        return apply_merge_patch(resource, read_json_object(request))
    return apply_fhirpath_patch(resource, _parameters(request))


def _parameters(request: FhirRequest) -> dict[str, Any]:
    try:
        parameters = read_resource(request)
    except UnsupportedMediaType as error:
        raise UnsupportedMediaType(
            f"A patch comes as {JSON_PATCH_TYPE}, as {MERGE_PATCH_TYPE}, or as FHIRPath Patch in FHIR JSON or XML.",
            headers={"Accept-Patch": ", ".join(PATCH_TYPES)},
        ) from error
    if parameters["resourceType"] != "Parameters":
        raise BadRequest(
            f"A FHIRPath Patch is a Parameters resource, not {parameters['resourceType']}."
            f" A part of a resource to be merged comes as {MERGE_PATCH_TYPE}."
        )
    return parameters
