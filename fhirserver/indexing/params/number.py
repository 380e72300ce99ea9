"""number: https://hl7.org/fhir/R4/search.html#number"""

from fhirserver.indexing.builder import Builder
from fhirserver.indexing.keys import NUMBER
from fhirserver.indexing.params.quantity import amounts
from fhirserver.rows import QuantityRow, param_code
from fhirspec.searchparams import Found


def index(into: Builder, resource_type: str, code: str, found: list[Found]) -> None:
    param = param_code(resource_type, code)
    for kind, value in found:
        if isinstance(value, dict):
            bounds = [(one.low, one.high) for one in amounts([Found(kind, value)])]
        else:
            bounds = [(float(value), float(value))]
        into.quantities.update([QuantityRow(param, NUMBER, low, high) for low, high in bounds])
