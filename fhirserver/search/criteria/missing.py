"""The modifier `:missing`. https://hl7.org/fhir/R4/search.html#missing"""

from fhirserver.indexing.definitions import readings
from fhirserver.indexing.params.token import presence_key
from fhirserver.outcomes import BadRequest
from fhirserver.rows import param_code
from fhirserver.search.ast import HasRow, Node, Not, Posting, any_of
from fhirspec.definitions import SearchParameter

_TABLES = {
    "string": "fhir_string",
    "date": "fhir_date",
    "number": "fhir_quantity",
    "quantity": "fhir_quantity",
    "uri": "fhir_string",
}


def missing(resource_type: str, found: SearchParameter, text: str) -> Node:
    if text not in ("true", "false"):
        raise BadRequest(f"{found.code}:missing={text} is neither true nor false.")
    nodes: list[Node] = []
    for one in readings(resource_type, found.code):
        if found.type in _TABLES:
            nodes.append(HasRow(_TABLES[found.type], param_code(resource_type, one.code)))
        else:
            nodes.append(Posting((presence_key(resource_type, one.code, one.target),), 80))
    present = any_of(nodes)
    return Not(present) if text == "true" else present
