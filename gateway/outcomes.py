"""The door's own errors, as OperationOutcomes (https://hl7.org/fhir/R4/operationoutcome.html)."""

import json
from typing import Any

from fhirserver.content import form_of_answer
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.outcomes import FhirError
from fhirserver.representation import present
from gateway.inbound import Inbound, MalformedRequest

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


def present_error(request: Inbound, response: FhirResponse) -> None:
    """Give an error of the door the form that the client asked for; the engine's own errors have it already."""
    if response.headers.get("Content-Type") != FHIR_JSON:
        return
    try:
        asked = FhirRequest(
            request.method, request.path, request.query(), {"accept": request.headers.get("accept", "")}
        )
        present(asked, response, form_of_answer(asked))
    except (FhirError, MalformedRequest):
        return
