"""What the parameters of a query ask: one file for each type of parameter and each concern."""

from fhirserver.search.criteria.condition import condition
from fhirserver.search.criteria.faults import UnknownParameter

__all__ = ["UnknownParameter", "condition"]
