"""$subsumes: does one code stand above another? https://hl7.org/fhir/R4/codesystem-operation-subsumes.html"""

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.operations.asked_codes import code_table_of
from fhirserver.operations.parameters import Asked, parameters_response
from fhirserver.outcomes import BadRequest, NotFound
from fhirserver.store import Store
from fhirspec.terminology import subsumption


def subsumes(request: FhirRequest, store: Store) -> FhirResponse:
    asked = Asked(request)
    codes, systems = [], set()
    for name in ("A", "B"):
        coding = asked.object(f"coding{name}") or {"code": asked.text(f"code{name}")}
        if not coding.get("code"):
            raise BadRequest(f"The parameter code{name} (or coding{name}) is missing.")
        codes.append(str(coding["code"]))
        systems.add(coding.get("system") or asked.text("system"))
    if len(systems) > 1:
        raise BadRequest("codingA and codingB are of two code systems: neither can stand above the other.")
    table = code_table_of(request, store, asked, systems.pop())
    try:
        outcome = subsumption(table, *codes)
    except KeyError as error:
        raise NotFound(f"The code system {table.system} has no code {error.args[0]}.") from error
    response: FhirResponse = parameters_response(("outcome", "valueCode", outcome))
    return response
