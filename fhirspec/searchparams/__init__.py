"""Search parameters of R4: what each means on a type, and the values it finds in a resource.

https://hl7.org/fhir/R4/searchparameter-registry.html
"""

from fhirspec.searchparams.behaviour import COMPARATORS, MODIFIERS
from fhirspec.searchparams.compile import UnsupportedExpression
from fhirspec.searchparams.extractor import (
    Alias,
    Extractor,
    Found,
    alias_of,
    composite_extractor,
    extractor,
    first_members,
    unsupported_reason,
)
from fhirspec.searchparams.paths import JsonPath, Kept, json_paths

__all__ = [
    "COMPARATORS",
    "MODIFIERS",
    "Alias",
    "Extractor",
    "Found",
    "JsonPath",
    "Kept",
    "UnsupportedExpression",
    "alias_of",
    "composite_extractor",
    "extractor",
    "first_members",
    "json_paths",
    "unsupported_reason",
]
