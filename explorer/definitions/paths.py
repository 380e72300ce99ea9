"""Chains and `_has` paths of one step, to pick from: where a type's references lead, and what refers to it.

https://hl7.org/fhir/R4/search.html#chaining
"""

from collections.abc import Iterator
from functools import lru_cache

from explorer.building.fields import COMMON_CODES
from explorer.definitions.parameters import parameters, revincludes

MOST_TARGETS = 6
# Sources worth suggesting: what records usually hold. Any other may be typed.
_SOURCES = (
    "Observation", "Condition", "Encounter", "MedicationRequest", "Procedure", "DiagnosticReport", "Immunization",
    "AllergyIntolerance", "CarePlan", "Claim", "Coverage", "Appointment", "ServiceRequest", "Goal", "Patient",
)  # fmt: skip


@lru_cache(maxsize=160)
def search_paths(resource_type: str) -> tuple[str, ...]:
    """Names such as `subject:Patient.name` and `_has:Observation:patient:code`."""
    return (*_chains(resource_type), *_reverse(resource_type))


def _chains(resource_type: str) -> Iterator[str]:
    for each in parameters(resource_type):
        if each.kind != "reference" or each.code.startswith("_"):
            continue
        for target in each.targets[:MOST_TARGETS]:
            for code in _common(target):
                yield f"{each.code}:{target}.{code}"


def _reverse(resource_type: str) -> Iterator[str]:
    for path in revincludes(resource_type):
        source, _, reference = path.partition(":")
        if source in _SOURCES:
            for code in _common(source):
                yield f"_has:{source}:{reference}:{code}"


def _common(resource_type: str) -> list[str]:
    return [each.code for each in parameters(resource_type) if each.code in COMMON_CODES][:MOST_TARGETS]
