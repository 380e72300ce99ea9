"""An OperationOutcome explained: what happened and what to do. https://hl7.org/fhir/R4/valueset-issue-type.html"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_SEVERITIES = ("fatal", "error", "warning", "information")
# What a person can do about each kind of issue; kinds that explain themselves have no line.
_ADVICE = {
    "invalid": "The content breaks a rule of FHIR. Compare it with the schema tree and the example.",
    "structure": "The content has an element that this resource does not have, or one in the wrong shape.",
    "required": "Add the element named here.",
    "value": "The value does not fit the element's type or its format.",
    "invariant": "A rule between elements is broken: read its text, then look at both elements.",
    "security": "The credential is missing, wrong or not allowed to do this.",
    "login": "Authorize first: paste an API key or a token at the top of the page.",
    "unknown": "Authorize first: paste an API key or a token at the top of the page.",
    "expired": "The credential's time is over: create a new one, or sign in again.",
    "forbidden": "The credential is good, but its access does not include this request. Use one with more access.",
    "suppressed": "Some of what matched was left out, because the credential may not see it.",
    "not-supported": "This server does not do that. The operations on the left are those that it lists.",
    "not-found": "There is nothing at this address: check the type and the id.",
    "deleted": "It was deleted. Its history still shows the last version.",
    "multiple-matches": "More than one resource matches: narrow the criteria.",
    "conflict": "Someone changed it meanwhile: read it again and repeat the change on the new version.",
    "duplicate": "It exists already.",
    "code-invalid": "The code is not in the value set of this element: see its binding in the schema tree.",
    "throttled": "Too many requests for this deployment's size: wait as long as Retry-After says.",
    "too-costly": "The request asks for too much: add criteria or a smaller _count.",
    "transient": "The server cannot do it at the moment: try again.",
    "exception": "The server failed. The trace id of the answer leads to its log.",
}


@dataclass(frozen=True)
class Place:
    """Where an issue is: its FHIRPath, and its line in the body that was sent, 0 when it has none."""

    path: str
    line: int


@dataclass(frozen=True)
class Issue:
    severity: str
    code: str
    text: str
    places: tuple["Place", ...]
    advice: str


def explain_outcome(outcome: dict[str, Any], line_of: Callable[[str], int]) -> list[Issue]:
    """The issues of a decoded OperationOutcome, the worst first. `line_of` finds a path in the body that was sent."""
    issues = [_issue(each, line_of) for each in outcome.get("issue", ()) if isinstance(each, dict)]
    return sorted(issues, key=lambda issue: _SEVERITIES.index(issue.severity))


def _issue(issue: dict[str, Any], line_of: Callable[[str], int]) -> Issue:
    severity = str(issue.get("severity", ""))
    details = issue.get("details") or {}
    coded = next(
        (str(each.get("display", "")) for each in details.get("coding", ()) if each.get("display")), ""
    )
    text = str(issue.get("diagnostics") or details.get("text") or coded)
    paths = issue.get("expression") or issue.get("location") or ()
    return Issue(
        severity=severity if severity in _SEVERITIES else "error",
        code=str(issue.get("code", "")),
        text=text,
        places=tuple(Place(path, line_of(path)) for path in map(str, paths)),
        advice=_ADVICE.get(str(issue.get("code", "")), ""),
    )
