"""What is wrong with a resource, and where."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `severity` and `code` are those of OperationOutcome.issue, `path` is FHIRPath (`Patient.name[0].family`).

    https://hl7.org/fhir/R4/valueset-issue-type.html
    """

    severity: str
    code: str
    path: str
    message: str

    @property
    def is_error(self) -> bool:
        return self.severity in ("error", "fatal")
