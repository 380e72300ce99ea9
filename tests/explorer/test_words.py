"""A search says in plain words what it looks for."""

from collections.abc import Callable

import pytest

from explorer import definitions
from explorer.building.chains import parse_path
from explorer.building.criteria import parse_query
from explorer.building.fields import SearchParameterFacts
from explorer.wording.search import describe_search


def facts_of(resource_type: str) -> Callable[[str], SearchParameterFacts | None]:
    """The catalogue's parameters, at the end of typed hops too."""

    def found(code: str) -> SearchParameterFacts | None:
        path = parse_path(code)
        kind = path.hops[-1].type if path.hops else resource_type
        return next((each for each in definitions.parameters(kind) if each.code == path.code), None)

    return found


@pytest.mark.parametrize(
    ("resource_type", "query", "words"),
    [
        ("Patient", "", "All patients."),
        ("", "", "Resources of all types."),
        ("", "_type=Patient,Observation&_lastUpdated=ge2024", "Patients and observations whose last change is from 2024."),
        (
            "Patient",
            "gender=male&birthdate=gt1980&_sort=-_lastUpdated&_revinclude=Observation:patient",
            "Male patients born after 1980, newest first, with their observations.",
        ),
        ("Patient", "birthdate=1980-05-01", "Patients born on 1980-05-01."),
        ("Patient", "birthdate=1980&_sort=-birthdate", "Patients born in 1980, youngest first."),
        ("Patient", "gender=male,other", "Patients whose gender is male or other."),
        ("Patient", "active=false&gender=female,male", "Inactive female or male patients."),
        ("Patient", "name=Eve,Zoe", "Patients whose name starts with Eve or Zoe."),
        ("Patient", "name:exact=Eve", "Patients whose name is exactly Eve."),
        ("Patient", "gender:missing=true", "Patients whose gender is missing."),
        ("Patient", "birthdate:missing=false", "Patients whose birthdate is there."),
        (
            "Patient",
            r"name=Eve\, Anne&_id=1,2",
            "Patients whose name starts with Eve, Anne and with the id 1 or 2.",
        ),
        ("Observation", "value-quantity=ge5.4&_count=10", "Observations whose value-quantity is at least 5.4, 10 a page."),
        (
            "Observation",
            "code=http://loinc.org|8480-6&value-quantity=gt5|http://unitsofmeasure.org|mg",
            "Observations whose code is 8480-6 (loinc.org) and whose value-quantity is more than 5 mg.",
        ),
        ("Observation", "subject:Patient.name=Eve", "Observations whose subject is a patient whose name starts with Eve."),
        ("Observation", "subject.name=Eve", "Observations whose subject is one whose name is Eve."),
        (
            "Observation",
            "patient:Patient.gender=female&patient:Patient.birthdate=lt1980&status=final",
            "Final observations whose patient is a female patient and whose patient is a patient born before 1980.",
        ),
        (
            "Observation",
            "subject:Patient.organization:Organization.name:contains=ward",
            "Observations whose subject is a patient whose organization is an organization whose name contains ward.",
        ),
        ("Patient", "_has:Observation:patient:code=1", "Patients with an observation whose code is 1."),
        (
            "Practitioner",
            "_has:Observation:performer:date=ge2024&_has:Observation:performer:status=final",
            "Practitioners that are the performer of an observation whose date is from 2024 "
            "and that are the performer of a final observation.",
        ),
        (
            "Patient",
            "_has:Observation:patient:_has:DiagnosticReport:result:status=final",
            "Patients with an observation that is the result of a final diagnostic report.",
        ),
        (
            "Observation",
            "code-value-quantity=8480-6$gt140",
            "Observations whose code is 8480-6 and value is more than 140 in one place.",
        ),
        (
            "Patient",
            '_filter=gender eq male and (family sw "hol" or not (birthdate lt 1980))',
            "Patients for which gender is male and (family starts with hol or not (birthdate is less than 1980)).",
        ),
        ("Observation", "_filter=subject.name co eve", "Observations for which name of its subject contains eve."),
        ("Patient", "_filter=gender eqq male", "Patients for which “gender eqq male” holds."),
        (
            "MedicationRequest",
            "_include=MedicationRequest:medication&_include:iterate=Patient:organization&_include=MedicationRequest:subject:Patient",
            "All medication requests, with their medications, with the organizations of each patient that comes with them, "
            "with their subjects (patients only).",
        ),
        (
            "Patient",
            "_revinclude=Observation:patient&_revinclude=Condition:subject&_revinclude=Provenance:target",
            "All patients, with the provenances whose target they are, with their observations and conditions.",
        ),
        ("Patient", "_sort=family,-_lastUpdated", "All patients, sorted by family then newest first."),
        ("Medication", "code=1&_contained=both", "Medications whose code is 1, also those inside of other resources."),
        ("Study", "_elements=id,name&_summary=true", "All studies, only id, name, as summaries."),
    ],
)  # fmt: skip
def test_a_search_in_words(resource_type: str, query: str, words: str) -> None:
    assert describe_search(resource_type, parse_query(query), facts_of(resource_type)) == words
