"""What a scope means to the person who is asked to grant it, in plain words."""

import re
from dataclasses import dataclass

from smart.scopes import EVERY_TYPE, Level, ResourceScope, Scope, Special

_SPECIAL = {
    Special.OPENID: ("Know who you are", "It can recognise you when you come back, by a number."),
    Special.FHIR_USER: (
        "See which record is yours",
        "It learns which patient or practitioner record is you, and may read a practitioner's.",
    ),
    Special.PROFILE: ("See your name", "It learns the name of your account."),
    Special.EMAIL: ("See your email address", "It learns the email address of your account."),
    Special.OFFLINE_ACCESS: (
        "Stay connected",
        "It keeps its access when you are not using it, until you disconnect it.",
    ),
    Special.ONLINE_ACCESS: (
        "Stay connected while you are signed in",
        "It keeps its access until you sign out here.",
    ),
    Special.LAUNCH: ("Know what was open", "It learns which patient was open when you started it."),
    Special.LAUNCH_PATIENT: ("Know the chosen patient", "It learns whose record it is working with."),
    Special.LAUNCH_ENCOUNTER: ("Know the chosen visit", "It learns which visit it is working with."),
}
_VERBS = {"c": "add", "r": "read", "u": "change", "d": "delete", "s": "search"}
# Only where the name of the resource type would puzzle somebody who is not a developer.
_PLAIN = {
    "AllergyIntolerance": "allergies",
    "CarePlan": "care plans",
    "CareTeam": "care team",
    "Condition": "conditions and diagnoses",
    "Coverage": "insurance cover",
    "Device": "devices and implants",
    "DiagnosticReport": "test reports",
    "DocumentReference": "documents",
    "Encounter": "visits",
    "ExplanationOfBenefit": "insurance statements",
    "FamilyMemberHistory": "family history",
    "Immunization": "vaccinations",
    "MedicationDispense": "dispensed medicines",
    "MedicationRequest": "prescriptions",
    "MedicationStatement": "medicines taken",
    "Observation": "measurements and test results",
    "Patient": "personal details (name, birth date, address)",
    "Procedure": "procedures and operations",
    "QuestionnaireResponse": "answered questionnaires",
    "ServiceRequest": "orders and referrals",
}


@dataclass(frozen=True, slots=True)
class Words:
    """A headline and one sentence more."""

    title: str
    detail: str
    changes_data: bool = False


def describe_scope(scope: Scope) -> Words:
    """What granting the scope lets an application do."""
    if isinstance(scope, Special):
        return Words(*_SPECIAL[scope])
    verbs = _join([_VERBS[letter] for letter in _by_weight(scope.interactions)])
    title = f"{verbs.capitalize()} {_whose(scope)}{_only(scope)}"
    return Words(title, _detail(scope), changes_data=bool(set("cud") & set(scope.interactions)))


def _by_weight(letters: str) -> str:
    """Reading first: it is what people expect."""
    return "".join(letter for letter in "rscud" if letter in letters)


def _whose(scope: ResourceScope) -> str:
    things = "all health records" if scope.resource_type == EVERY_TYPE else _things(scope.resource_type)
    if scope.level is Level.PATIENT:
        return f"the patient's {things.removeprefix('all ')}"
    if scope.level is Level.USER:
        return f"{things} that you may see"
    return f"{things} of everybody"


def _things(resource_type: str) -> str:
    return (
        _PLAIN.get(resource_type) or re.sub(r"(?<=[a-z])(?=[A-Z])", " ", resource_type).lower() + " records"
    )


def _only(scope: ResourceScope) -> str:
    if not scope.restriction:
        return ""
    conditions = [f"{name} is {value.rpartition('|')[2] or value}" for name, value in sorted(scope.filters)]
    return f", only where {_join(conditions)}"


def _detail(scope: ResourceScope) -> str:
    if scope.level is Level.SYSTEM:
        return "For programs without a person: it reaches every patient of this server."
    return {
        Level.PATIENT: "Only of the one patient chosen for this application.",
        Level.USER: "As far as your own rights here reach.",
    }[scope.level]


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
