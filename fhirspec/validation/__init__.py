"""Is this a valid R4 resource? Structure, cardinality, types, codes, references: every problem with its place.

https://hl7.org/fhir/R4/validation.html
"""

from fhirspec.validation.problem import Problem, Severity
from fhirspec.validation.walk import validate

__all__ = ["Problem", "Severity", "validate"]
