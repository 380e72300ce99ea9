"""The door's own errors, as OperationOutcomes (https://hl7.org/fhir/R4/operationoutcome.html)."""

import json
from typing import Any

from fhirserver.http import FhirResponse

FHIR_JSON = "application/fhir+json; charset=utf-8"


def outcome(status: int, code: str, diagnostics: str, headers: dict[str, str] | None = None) -> FhirResponse:
    """`code` is from http://hl7.org/fhir/issue-type."""
    resource: dict[str, Any] = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": diagnostics}],
    }
    return FhirResponse(
        status,
        {"Content-Type": FHIR_JSON, **(headers or {})},
        json.dumps(resource, ensure_ascii=False).encode(),
    )
