"""Validation against profiles: cardinality, slicing, fixed values and patterns, bindings, rules.

https://hl7.org/fhir/R4/profiling.html
"""

from fhirspec.validation.profiles.check import ProfileChecker
from fhirspec.validation.profiles.tree import ProfileElement, UnusableProfile, must_support, read_profile

__all__ = ["ProfileChecker", "ProfileElement", "UnusableProfile", "must_support", "read_profile"]
