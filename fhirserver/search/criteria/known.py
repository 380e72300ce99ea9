"""Which parameters a type has, to search by."""

from fhirserver.search.criteria.faults import UnknownParameter
from fhirserver.search.scope import Scope
from fhirspec.definitions import SearchParameter


def known(resource_type: str, code: str, scope: Scope) -> SearchParameter:
    """The parameter of the type. Raises UnknownParameter."""
    found = scope.parameter(resource_type, code)
    if code == "_list":
        return SearchParameter("_list", "special", "", resource_type)
    if found is None or code == "_query" or (found.type == "special" and code != "near"):
        raise UnknownParameter(
            f"{code} is not a search parameter that this server knows for {resource_type}."
        )
    return found
