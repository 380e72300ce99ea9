"""$validate: would this resource be accepted? https://hl7.org/fhir/R4/resource-operation-validate.html"""

from typing import Any

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.read import readable
from fhirserver.operations.parameters import Asked
from fhirserver.outcomes import BadRequest, Issue, outcome_bytes
from fhirserver.responses import json_response
from fhirserver.store import Store
from fhirspec import json
from fhirspec.catalogue import get_catalogue
from fhirspec.validation import invariants
from fhirspec.validation import validate as find_problems

_MODES = ("create", "update", "delete", "profile")
_FINE = Issue("informational", "No problems found.", severity="information")


def validate(request: FhirRequest, store: Store) -> FhirResponse:
    """Always 200; the problems, each with its path, are the OperationOutcome's issues."""
    asked = Asked(request)
    mode = asked.text("mode")
    if mode is not None and mode not in _MODES:
        raise BadRequest(f"mode={mode} is not one of {', '.join(_MODES)}.")
    issues = _issues(request, store, asked, mode)
    return json_response(outcome_bytes(*(issues or [_FINE])))


def _issues(request: FhirRequest, store: Store, asked: Asked, mode: str | None) -> list[Issue]:
    resource = asked.object("resource")
    if request.logical_id and (resource is None or mode == "delete"):
        stored = readable(store, request.resource_type, request.logical_id)
        resource = resource or json.decode(stored.content or b"{}")
    if mode == "delete":
        return []
    if resource is None:
        raise BadRequest(
            "There is no resource to validate: send it as the body, or as the parameter resource."
        )
    issues = _place_issues(request, resource, mode)
    profile = asked.text("profile")
    if profile and profile != f"http://hl7.org/fhir/StructureDefinition/{resource.get('resourceType')}":
        known = get_catalogue().canonical(profile)
        text = "cannot be checked yet" if known else "is not known here"
        issues.append(Issue("not-supported", f"The profile {profile} {text}.", severity="warning"))
    problems = find_problems(resource, str(resource.get("resourceType")))
    if not any(problem.is_error for problem in problems):
        # The rules are written for resources of the right structure.
        problems = problems + invariants(resource)
    return issues + [
        Issue(problem.code, problem.message, severity=problem.severity, expression=problem.path)
        for problem in problems
    ]


def _place_issues(request: FhirRequest, resource: dict[str, Any], mode: str | None) -> list[Issue]:
    """What is wrong with sending this resource to this address."""
    kind = resource.get("resourceType")
    issues = []
    if request.resource_type and kind != request.resource_type:
        issues.append(
            Issue("invalid", f"The resource is a {kind}, the address says {request.resource_type}.")
        )
    if mode == "update" and "id" not in resource:
        issues.append(Issue("required", "An update needs the id in the resource.", expression=f"{kind}.id"))
    if request.logical_id and mode == "update" and resource.get("id") not in (None, request.logical_id):
        issues.append(
            Issue("invalid", "The resource's id is not the one of the address.", expression=f"{kind}.id")
        )
    return issues
