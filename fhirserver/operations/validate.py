"""$validate: would this resource be accepted? https://hl7.org/fhir/R4/resource-operation-validate.html"""

import re
from typing import Any

from fhirserver.authorise import require
from fhirserver.guides.memory import guides_of
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.read import readable
from fhirserver.operations.parameters import Asked
from fhirserver.outcomes import BadRequest, Conflict, Forbidden, Issue, outcome_bytes
from fhirserver.profiles import checker_for, claimed_profiles, issues_of
from fhirserver.responses import json_response
from fhirserver.store import Store, rid_of
from fhirspec import json
from fhirspec.validation import invariants
from fhirspec.validation import validate as find_problems
from fhirspec.validation.explain import unknown_type
from fhirspec.validation.profiles import UnusableProfile

_MODES = ("create", "update", "delete", "profile")
_LETTERS = {"create": "c", "update": "u", "delete": "d"}
_FINE = Issue("informational", "No problems found.", severity="information")
_CANONICAL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s|]+(\|[^\s|]+)?").fullmatch


def validate(request: FhirRequest, store: Store) -> FhirResponse:
    """Always 200; the problems, each with its path, are the OperationOutcome's issues."""
    asked = Asked(request)
    mode = asked.text("mode")
    if mode is not None and mode not in _MODES:
        raise BadRequest(f"mode={mode} is not one of {', '.join(_MODES)}.")
    if mode == "profile" and not asked.text("profile"):
        raise BadRequest("mode=profile needs the parameter profile: the canonical URL to check against.")
    issues = _issues(request, store, asked, mode)
    return json_response(outcome_bytes(*(issues or [_FINE])))


def _issues(request: FhirRequest, store: Store, asked: Asked, mode: str | None) -> list[Issue]:
    resource = asked.object("resource")
    if mode == "delete" and not request.logical_id:
        raise BadRequest("mode=delete is asked at an instance: it needs the id of what would be deleted.")
    if request.logical_id and (resource is None or mode == "delete"):
        stored = readable(store, request.resource_type, request.logical_id)
        resource = resource or json.decode(stored.content or b"{}")
    if mode == "delete":
        return _refusals(request, store, request.resource_type, mode)
    if resource is None:
        raise BadRequest(
            "There is no resource to validate: send it as the body, or as the parameter resource."
        )
    kind = resource.get("resourceType")
    if not isinstance(kind, str):
        return [Issue("structure", unknown_type(kind))]
    # At the system no address says of which type it is to be.
    issues = _refusals(request, store, request.resource_type or kind, mode) + _place_issues(
        request, resource, mode
    )
    problems = find_problems(resource, kind)
    if not any(problem.is_error for problem in problems):
        # Rules and profiles are written for resources of the right structure.
        problems += invariants(resource)
        issues += _profile_issues(store, resource, asked.text("profile"))
    return issues + issues_of(problems)


def _refusals(request: FhirRequest, store: Store, resource_type: str, mode: str | None) -> list[Issue]:
    """Why the write would be refused whatever the resource is like: no right to it, or it belongs to a guide."""
    letter, issues = _LETTERS.get(mode or ""), []
    try:
        if letter:
            require(store.grant, resource_type, letter)
        if mode in ("update", "delete") and request.logical_id:
            rid = rid_of(resource_type, request.logical_id)
            guides_of(store.partition).require_unowned([rid])
    except (Forbidden, Conflict) as refusal:
        issues += refusal.issues()
    return issues


def _profile_issues(store: Store, resource: dict[str, Any], asked: str | None) -> list[Issue]:
    """What the resource lacks of the profile that the caller names, else of those that it claims itself."""
    checker, issues = checker_for(store), []
    claims = {
        one: f"{resource['resourceType']}.meta.profile[{at}]" for at, one in enumerate(_profiles(resource))
    }
    for canonical in [asked] if asked else claimed_profiles(resource):
        place = "" if asked else claims[canonical]
        if not _CANONICAL(canonical):
            severity = "error" if asked else "warning"
            issues.append(Issue("value", f"{canonical} is no canonical URL.", severity, place))
            continue
        try:
            issues += issues_of(checker.check(resource, canonical))
        except UnusableProfile as problem:
            # Whoever asks for a profile must not take it for met.
            severity = "error" if asked else "information"
            issues.append(Issue("not-supported", f"{problem}.", severity, place))
    return issues


def _profiles(resource: dict[str, Any]) -> list[str]:
    return list(resource.get("meta", {}).get("profile", ()))


def _place_issues(request: FhirRequest, resource: dict[str, Any], mode: str | None) -> list[Issue]:
    """What is wrong with sending this resource to this address."""
    kind = resource["resourceType"]
    issues = []
    if request.resource_type and kind != request.resource_type:
        message = f"The resource is a {kind}, the address says {request.resource_type}."
        issues.append(Issue("invalid", message, expression=kind))
    if mode == "update" and "id" not in resource:
        issues.append(Issue("required", "An update needs the id in the resource.", expression=f"{kind}.id"))
    if request.logical_id and mode == "update" and resource.get("id") not in (None, request.logical_id):
        issues.append(
            Issue("invalid", "The resource's id is not the one of the address.", expression=f"{kind}.id")
        )
    if request.logical_id and mode == "create":
        message = f"{request.resource_type}/{request.logical_id} is the address of an update: a create goes to the type."
        issues.append(Issue("business-rule", message, expression=kind))
    return issues
