"""Terminology: what codes a value set has and what a code means, from the catalogue and from uploaded resources.

https://hl7.org/fhir/R4/terminology-service.html
"""

from fhirspec.terminology.code_table import CodeTable, Concept
from fhirspec.terminology.expansion import Code, Find, Terminology, catalogue_terminology, code_set
from fhirspec.terminology.reasons import CannotExpand, UnknownCodeSystem, UnknownValueSet
from fhirspec.terminology.subsumption import subsumption

__all__ = [
    "CannotExpand",
    "Code",
    "CodeTable",
    "Concept",
    "Find",
    "Terminology",
    "UnknownCodeSystem",
    "UnknownValueSet",
    "catalogue_terminology",
    "code_set",
    "subsumption",
]
