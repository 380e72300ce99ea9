"""$validate: would this resource be accepted? https://hl7.org/fhir/R4/resource-operation-validate.html"""

from typing import Any

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.read import readable
from fhirserver.operations.parameters import Asked
from fhirserver.outcomes import BadRequest, Issue, outcome_bytes
from fhirserver.profiles import checker_for, claimed_profiles, issues_of
from fhirserver.responses import json_response
from fhirserver.store import Store
from fhirspec import json
from fhirspec.validation import invariants
from fhirspec.validation import validate as find_problems
from fhirspec.validation.profiles import UnusableProfile

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
    problems = find_problems(resource, str(resource.get("resourceType")))
    if not any(problem.is_error for problem in problems):
        # Rules and profiles are written for resources of the right structure.
        problems += invariants(resource)
        issues += _profile_issues(store, resource, asked.text("profile"))
    return issues + issues_of(problems)


def _profile_issues(store: Store, resource: dict[str, Any], asked: str | None) -> list[Issue]:
    """What the resource lacks of the profile that the caller names, else of those that it claims itself."""
    checker = checker_for(store)
    issues: list[Issue] = []
    for canonical in [asked] if asked else claimed_profiles(resource):
        try:
            issues += issues_of(checker.check(resource, canonical))
        except UnusableProfile as problem:
            severity = "warning" if asked else "information"
            issues.append(Issue("not-supported", f"{problem}.", severity=severity))
    return issues


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
