"""Every error of the engine, and how it becomes an OperationOutcome.

https://hl7.org/fhir/R4/operationoutcome.html, https://hl7.org/fhir/R4/http.html#summary
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec


@dataclass(frozen=True, slots=True)
class Issue:
    """One line of an OperationOutcome; `expression` is the FHIRPath of the element, where there is one."""

    code: str
    diagnostics: str
    severity: str = "error"
    expression: str = ""

    def as_json(self) -> dict[str, Any]:
        made: dict[str, Any] = {
            "severity": self.severity,
            "code": self.code,
            "diagnostics": self.diagnostics,
        }
        if self.expression:
            made["expression"] = [self.expression]
        return made


def outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """An OperationOutcome resource."""
    return {"resourceType": "OperationOutcome", "issue": [issue.as_json() for issue in issues]}


def outcome_bytes(*issues: Issue) -> bytes:
    return msgspec.json.encode(outcome(issues))


@dataclass
class FhirError(Exception):
    """An interaction that ends in an OperationOutcome. `headers` are added to the response."""

    diagnostics: str
    expression: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    status = 500
    code = "exception"

    def issues(self) -> list[Issue]:
        return [Issue(self.code, self.diagnostics, expression=self.expression)]

    def __str__(self) -> str:
        return self.diagnostics


class BadRequest(FhirError):
    """Malformed: the body is no JSON, a parameter has no sense."""

    status = 400
    code = "invalid"


class NotSupported(FhirError):
    status = 400
    code = "not-supported"


class LimitExceeded(FhirError):
    """Larger than the server allows; `diagnostics` names the limit."""

    status = 400
    code = "too-costly"


@dataclass
class Forbidden(FhirError):
    """`missing`: the permission that would have let it pass (`Observation.c`), where one would. `check`: what failed of a resource
    that the right as such is there for: it lies outside of the `compartment`, does not match the `restriction`, or would lie in the
    record of an `other patient` too; empty where the right is not there."""

    missing: str = ""
    check: str = ""

    status = 403
    code = "forbidden"


class NotFound(FhirError):
    status = 404
    code = "not-found"


class UnknownOperation(NotFound):
    """An address that could be an operation's, of an operation that this server does not have there."""

    code = "not-supported"


class MethodNotAllowed(FhirError):
    status = 405
    code = "not-supported"


class NotAcceptable(FhirError):
    status = 406
    code = "not-supported"


class Conflict(FhirError):
    """Another write of the same resource came first, and trying again did not help."""

    status = 409
    code = "conflict"


class Gone(FhirError):
    status = 410
    code = "deleted"


class PreconditionFailed(FhirError):
    """If-Match names another version, or a condition matches several resources."""

    status = 412
    code = "conflict"


class MultipleMatches(FhirError):
    status = 412
    code = "multiple-matches"


class TooLarge(FhirError):
    status = 413
    code = "too-long"


class UnsupportedMediaType(FhirError):
    status = 415
    code = "not-supported"


class Unprocessable(FhirError):
    """Well formed, but against a business rule."""

    status = 422
    code = "business-rule"


class StoreUnavailable(FhirError):
    status = 503
    code = "transient"


class StatementTooLong(StoreUnavailable):
    """Asked again it would take as long again."""

    code = "timeout"


class StoreLost(StoreUnavailable):
    """The database cannot be reached, is held by others, or its disk is full: what was asked may simply be asked again when that is over."""


class StoreFull(FhirError):
    """There is no room for what was to be created; what is stored can be changed and deleted."""

    status = 507
    code = "too-costly"


@dataclass
class Invalid(FhirError):
    """A resource that is not valid R4: every problem with its path."""

    problems: list[Issue] = field(default_factory=list)

    status = 422
    code = "invalid"

    def issues(self) -> list[Issue]:
        return self.problems
