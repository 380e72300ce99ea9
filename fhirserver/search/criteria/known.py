"""Which parameters a type has, to search by."""

from fhirserver.outcomes import NotSupported
from fhirserver.search.criteria.faults import UnknownParameter
from fhirserver.search.scope import Scope
from fhirspec.definitions import SearchParameter


def known(resource_type: str, code: str, scope: Scope) -> SearchParameter:
    """The parameter of the type. Raises UnknownParameter."""
    found = scope.parameter(resource_type, code)
    if code == "_list":
        return SearchParameter("_list", "special", "", resource_type)
    if code == "_query":
        # "Servers SHALL refuse to process a search request if they do not recognize the _query parameter value."
        raise NotSupported("_query: this server has no named queries.")
    if found is None or (found.type == "special" and code != "near"):
        raise UnknownParameter(
            f"{code} is not a search parameter that this server knows for {resource_type}."
        )
    return found
