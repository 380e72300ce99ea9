"""Whether a resource is valid R4, and if not, what is wrong and where. https://hl7.org/fhir/R4/validation.html"""

from fhirspec.validation.invariants import invariants
from fhirspec.validation.problems import Problem
from fhirspec.validation.walk import validate

__all__ = ["Problem", "invariants", "validate"]
