"""Parameters that no type describes: ids, lists, what refers to a resource, and what a reference leads to.

https://hl7.org/fhir/R4/search.html#all, #list, #has, #chaining. Words are in `search/test_full_text.py`, places in `search/test_places.py`,
expressions in `search/test_filter.py`.
"""

from typing import Any

from tests.fhirserver.client import Client
from tests.fhirserver.search.by_type.tables import loaded, require_found, require_refused


def refers(**references: str) -> dict[str, Any]:
    return {name: {"reference": target} for name, target in references.items()}


PATIENTS: dict[str, dict[str, Any]] = {
    "a": {"name": [{"family": "Abel"}], "gender": "male", **refers(managingOrganization="Organization/x")},
    "b": {
        "name": [{"family": "Baker"}],
        "gender": "female",
        "generalPractitioner": [{"reference": "Practitioner/y"}],
    },
    "c": {"link": [{"other": {"reference": "Patient/a"}, "type": "refer"}]},
    "A": {"gender": "other"},
}
OBSERVATIONS: dict[str, dict[str, Any]] = {
    "o": {
        "code": {"coding": [{"code": "x"}]},
        "effectiveDateTime": "2020",
        **refers(subject="Patient/a", encounter="Encounter/e"),
    },
    "p": {"code": {"coding": [{"code": "y"}]}, "effectiveDateTime": "2021", **refers(subject="Patient/a")},
    "q": {"code": {"coding": [{"code": "x"}]}, "effectiveDateTime": "2021", **refers(subject="Patient/b")},
    "r": {"code": {"coding": [{"code": "x"}]}, "derivedFrom": [{"reference": "Observation/o"}]},
    "s": {"code": {"coding": [{"code": "x"}]}, **refers(subject="Patient/gone")},
}
CASES = {
    "Patient?_id=a": "a",
    "Patient?_id=A": "A",
    "Patient?_id=a,b,nobody": "ab",
    "Patient?_id=a&_id=b": "-",
    "Patient?_id=Patient/a": "-",
    "Patient?_id=a&gender=male": "a",
    "Observation?_id=a": "-",
    "Patient?_list=l": "ab",
    "Patient?_list=m": "-",
    "Patient?_list=l,n": "abc",
    "Patient?_list=l&gender=male": "a",
    "Observation?_list=l": "o",
    # A chain is each reference's own: two of them need not meet in one resource.
    "Observation?subject:Patient.name=abel": "op",
    "Observation?subject.name=abel": "op",
    "Observation?patient.name=abel": "op",
    "Observation?patient.gender=male,female": "opq",
    "Observation?patient.gender:not=male": "q",
    "Observation?patient.name:exact=Abel": "op",
    "Observation?patient.name:missing=false": "opq",
    "Observation?patient._id=a": "op",
    "Observation?patient.organization.name=clinic": "op",
    "Observation?patient.organization.name=clinic&code=x": "o",
    "Observation?patient:Patient.organization:Organization.name=clinic": "op",
    "Observation?derived-from:Observation.subject:Patient.name=abel": "r",
    "Observation?subject:Device.device-name=abel": "-",
    "Observation?patient.general-practitioner.name=who": "-",
    "Observation?patient.general-practitioner:Practitioner.name=doc": "q",
    "Observation?patient._lastUpdated=ge2000": "opq",
    "Observation?patient.birthdate=lt1900": "-",
    # What a resource is referred to by.
    "Patient?_has:Observation:patient:code=x": "ab",
    "Patient?_has:Observation:patient:code=y": "a",
    "Patient?_has:Observation:patient:code=x,y": "ab",
    "Patient?_has:Observation:patient:code=x&_has:Observation:patient:code=y": "a",
    "Patient?_has:Observation:patient:date=gt2020": "ab",
    "Patient?_has:Observation:patient:code:not=x": "a",
    "Patient?_has:Observation:subject:code=x": "ab",
    "Patient?_has:Observation:patient:_id=q": "b",
    "Patient?_has:Observation:patient:encounter.status=planned": "a",
    "Patient?_has:Observation:patient:_has:Observation:derived-from:code=x": "a",
    "Observation?_has:Observation:derived-from:code=x": "o",
    "Observation?subject:Patient._has:Patient:link:_id=c": "op",
    "Patient?_has:Patient:link:_id=c": "a",
    "Organization?_has:Patient:organization:_has:Observation:patient:code=y": "x",
    "Organization?_has:Patient:organization:name=baker": "-",
    "Patient?_filter=_has:Observation:patient:code eq y": "a",
}
PLACE = "is not a search parameter that this server knows for"
REFUSED = {
    "Patient?_has:Observation:code=x": "_has:Observation:code is not of the form _has:Type:reference:parameter",
    "Patient?_has:Nothing:patient:code=x": "Nothing is not a resource type",
    "Patient?_has:Observation:nosuch:code=x": f"nosuch {PLACE} Observation",
    "Patient?_has:Observation:code:code=x": "code is no reference of Observation",
    "Patient?_has:Observation:patient:nosuch=x": f"nosuch {PLACE} Observation",
    "Patient?_has:Observation:patient:code:nosuch=x": "code: the modifier :nosuch is not possible here",
    "Observation?code.name=x": "code is no reference",
    "Observation?subject:Nothing.name=x": "subject: the modifier :Nothing is not possible here",
    "Observation?subject:identifier.name=x": "subject: the modifier :identifier is not possible here",
    "Observation?patient.nosuch=x": f"nosuch {PLACE} Patient",
    "Observation?patient.name:nosuch=x": "name: the modifier :nosuch is not possible here",
    "Observation?patient.birthdate=1970-13": "birthdate is not a date of the calendar: 1970-13",
    "Patient?_query=mine": "_query: this server has no named queries",
    "Patient?_list=$current-nothing": "_list=$current-nothing is neither the id of a List nor one of $current-problems",
    "Patient?nosuch=x": f"nosuch {PLACE} Patient",
    **{f"Patient?_id:{modifier}=a": f"_id: the modifier :{modifier} is not possible here" for modifier in ("missing", "not", "in", "exact")},
    **{f"Patient?_list:{modifier}=l": f"_list: the modifier :{modifier} is not possible here" for modifier in ("missing", "not", "exact")},
    **{f"Patient?_lastUpdated:{modifier}=2020": f"_lastUpdated: the modifier :{modifier} is not possible here" for modifier in ("missing", "not")},
}  # fmt: skip


def test_ids_lists_chains_and_reverse_chains_find_what_they_mean(client: Client) -> None:
    loaded(client, "Patient", PATIENTS)
    loaded(client, "Organization", {"x": {"name": "Clinic"}})
    loaded(client, "Practitioner", {"y": {"name": [{"family": "Doc"}]}})
    loaded(
        client,
        "Encounter",
        {"e": refers(subject="Patient/a")},
        status="planned",
        **{"class": {"code": "AMB"}},
    )
    loaded(client, "Observation", OBSERVATIONS, status="final")
    entries = {"l": ["Patient/a", "Patient/b", "Observation/o"], "m": ["Patient/gone"], "n": ["Patient/c"]}
    lists = {
        name: {"entry": [{"item": {"reference": one}} for one in held]} for name, held in entries.items()
    }
    loaded(client, "List", lists, status="current", mode="working")
    require_found(client, CASES)


def test_what_leads_nowhere_is_refused_with_its_place(client: Client) -> None:
    require_refused(client, REFUSED)


def test_a_query_that_is_not_known_is_refused_however_lenient_the_client(client: Client) -> None:
    assert client.get("Patient?_query=mine", prefer="handling=lenient").status == 400


def listing(code: str, *entries: str, **more: Any) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/list-example-use-codes"
    held = [{"item": {"reference": one}} for one in entries]
    return {
        "status": "current",
        "mode": "working",
        "code": {"coding": [{"system": system, "code": code}]},
        "entry": held,
        **more,
    }


def test_lists_are_found_by_what_they_are_for(client: Client) -> None:
    patient = {"reference": "Patient/a"}
    loaded(
        client,
        "AllergyIntolerance",
        {"a": {"category": ["food"]}, "b": {"category": ["medication"]}, "c": {}, "d": {}},
        patient=patient,
    )
    loaded(client, "Condition", {"e": {}}, subject=patient)
    loaded(
        client,
        "List",
        {
            "l": listing("allergies", "AllergyIntolerance/a", "AllergyIntolerance/b"),
            "m": listing("allergies", "AllergyIntolerance/c", status="retired"),
            "n": listing("problems", "Condition/e", "AllergyIntolerance/d"),
        },
    )
    require_found(
        client,
        {
            "AllergyIntolerance?_list=$current-allergies": "ab",
            "AllergyIntolerance?_list=$current-allergies,m": "abc",
            "AllergyIntolerance?_list=$current-allergies&patient=a": "ab",
            "AllergyIntolerance?_list=$current-allergies&patient=b": "-",
            "AllergyIntolerance?_list=$current-drug-allergies": "b",
            "Condition?_list=$current-problems": "e",
            "Condition?_list=$current-allergies": "-",
            "Condition?_list=$current-drug-allergies": "-",
            "Condition?_list=$current-medications": "-",
        },
    )
