"""patch, by JSON Patch and by FHIRPath Patch, and conditional patch: https://hl7.org/fhir/R4/http.html#patch"""

from typing import Any

from fhirserver.authorise import require_current
from fhirserver.conditions import matches_of, query_of
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.negotiation import media_type
from fhirserver.outcomes import BadRequest, Gone, NotFound, Unprocessable, UnsupportedMediaType
from fhirserver.representation import decode_json, read_resource, unpacked_body
from fhirserver.responses import written_response
from fhirserver.store import Current, Store
from fhirserver.writing import check_if_match, not_found, prepare, require_valid, version_of
from fhirspec import json
from fhirspec.patch import PatchError, apply_fhirpath_patch, apply_json_patch

JSON_PATCH_TYPE = "application/json-patch+json"
PATCH_TYPES = (JSON_PATCH_TYPE, "application/fhir+json", "application/fhir+xml")


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
    kind = media_type(request.header("content-type"))
    before = (resource["resourceType"], resource["id"])
    try:
        if kind == JSON_PATCH_TYPE:
            patched = apply_json_patch(resource, decode_json(unpacked_body(request)))
        else:
            patched = apply_fhirpath_patch(resource, _parameters(request))
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


def _parameters(request: FhirRequest) -> dict[str, Any]:
    try:
        parameters = read_resource(request)
    except UnsupportedMediaType as error:
        raise UnsupportedMediaType(
            f"A patch comes as {JSON_PATCH_TYPE}, or as FHIRPath Patch in FHIR JSON or XML.",
            headers={"Accept-Patch": ", ".join(PATCH_TYPES)},
        ) from error
    if parameters["resourceType"] != "Parameters":
        raise BadRequest(f"A FHIRPath Patch is a Parameters resource, not {parameters['resourceType']}.")
    return parameters
