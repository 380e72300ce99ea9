"""One thing that is wrong with a resource. https://hl7.org/fhir/R4/valueset-issue-type.html"""

from typing import Literal, NamedTuple

Severity = Literal["error", "warning", "information"]


class Problem(NamedTuple):
    """`code` is an issue type, `path` a FHIRPath to the place (`Patient.name[0].given[1]`), `message` says what to do."""

    severity: Severity
    code: str
    path: str
    message: str


def error(code: str, path: str, message: str) -> Problem:
    return Problem("error", code, path, message)
