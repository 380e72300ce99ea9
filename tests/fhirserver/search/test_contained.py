"""Contained resources: who finds them, and what is answered for them."""

import pytest

from fhirserver.connection import fetch
from fhirserver.reindex import index_anew
from fhirserver.rows import NO_ROWS, pack
from tests.fhirserver.client import BASE, Client
from tests.fhirserver.search.holders import (
    ONE,
    REQUEST,
    TWICE,
    WITHIN,
    found,
    loaded_holders,
    observation,
    patient,
)


@pytest.fixture
def loaded(client: Client) -> Client:
    return loaded_holders(client)


CASES = {
    # Ordinary searches do not meet what is contained.
    "Patient": "Patient/ann",
    "Patient?_contained=false&gender=male": "",
    "Patient?name=adams": "",
    "Patient?gender:not=female": "",
    "Patient?birthdate=gt1900": "Patient/ann",
    "Patient?identifier=7": "",
    "Patient?_id=p": "",
    "Organization?name=inner": "",
    "Medication": "",
    # The resource that holds a match stands for it, once.
    "Patient?_contained=true": f"{TWICE} {ONE}",
    "Patient?_contained=true&_containedType=container": f"{TWICE} {ONE}",
    "Patient?_contained=both": f"Patient/ann {TWICE} {ONE}",
    "Patient?_contained=true&name=adams": ONE,
    "Patient?_contained=true&name:exact=adams": "",
    "Patient?_contained=true&name:contains=ART": TWICE,
    "Patient?_contained=true&gender=male": f"{TWICE} {ONE}",
    "Patient?_contained=both&gender=female": f"Patient/ann {TWICE}",
    "Patient?_contained=true&gender:not=female": f"{TWICE} {ONE}",
    "Patient?_contained=true&birthdate=1980-02": ONE,
    "Patient?_contained=true&birthdate:missing=true": TWICE,
    "Patient?_contained=true&identifier=http://mrn.example|7": ONE,
    "Patient?_contained=true&identifier=http://mrn.example|8": "",
    "Patient?_contained=true&_id=q": TWICE,
    "Patient?_contained=true&name=adams,carter": f"{TWICE} {ONE}",
    "Patient?_contained=true&_filter=name sw \"Ca\" and gender eq female": TWICE,
    "Patient?_contained=true&organization=Organization/org": ONE,
    "Patient?_contained=true&organization.name=outer": ONE,
    "Patient?_contained=true&organization.name=inner": TWICE,
    "Patient?_contained=true&_has:Observation:subject:date=2022": TWICE,
    "Medication?_contained=true&code=http://rx.example|1": REQUEST,
    "Organization?_contained=both&name=inner,outer": f"Organization/org {TWICE}",
    # All criteria hold for one and the same contained resource.
    "Patient?_contained=true&name=baker&gender=female": "",
    "Patient?_contained=true&name=carter&gender=female": TWICE,
    # Alone, under the address of what holds them.
    "Patient?_contained=true&_containedType=contained&gender=male&name=baker": f"{TWICE}#p",
    "Patient?_contained=true&_containedType=contained&name=a": f"{ONE}#p",
    "Patient?_contained=both&_containedType=contained&gender=female": f"Patient/ann {TWICE}#q",
    "Organization?_contained=true&_containedType=contained": f"{TWICE}#o",
    # Paging and order.
    "Patient?_contained=both&_count=1": f"Patient/ann {TWICE} {ONE}",
    "Patient?_contained=both&_containedType=contained&_count=1&gender=male,female&name=a,c": f"Patient/ann {TWICE}#q {ONE}#p",
    "Patient?_contained=true&_sort=_id": f"{ONE} {TWICE}",
    "Patient?_contained=true&_sort=-_id&_count=1": f"{TWICE} {ONE}",
    # Chains go on into what is contained.
    "Observation?subject.name=adams": ONE,
    "Observation?subject:Patient.name=adams": ONE,
    "Observation?subject:Patient.name=a": f"{ONE} Observation/plain",
    "Observation?patient.identifier=http://mrn.example|7": ONE,
    "Observation?subject.organization.name=outer": ONE,
    "Observation?focus:Patient.organization.name=inner": TWICE,
    "Observation?subject:Patient.organization.name=inner": "",
    "Observation?focus:Patient.name=carter": TWICE,
    "Observation?focus:Patient.name=baker": "",
    "Observation?subject.gender:not=male": "Observation/plain",
    "Observation?_filter=subject.name eq adams": ONE,
    "MedicationRequest?medication.code=http://rx.example|1": REQUEST,
    "MedicationRequest?medication.code=2": "",
    # What refers to a contained resource is no reference to another one.
    "Patient?_has:Observation:subject:date=2022": "",
    "Observation?subject=p": "",
    "Observation?subject=Patient/p": "",
}  # fmt: skip


@pytest.mark.parametrize("query", CASES, ids=range(len(CASES)))
def test_what_a_search_finds(loaded: Client, query: str) -> None:
    expected = CASES[query].split()
    has_order = "_sort" in query or "_count" in query
    answered = found(loaded, query)
    assert (answered if has_order else sorted(answered)) == (expected if has_order else sorted(expected))
    assert len(answered) == len(set(answered))
    assert loaded.get(f"{query}{'&' if '?' in query else '?'}_summary=count").json()["total"] == len(expected)


def test_a_contained_match_alone_is_what_was_sent(loaded: Client) -> None:
    (entry,) = loaded.get("Patient?_contained=true&_containedType=contained&name=adams").json()["entry"]
    assert entry == {"fullUrl": f"{BASE}/{ONE}#p", "resource": WITHIN, "search": {"mode": "match"}}


def test_what_joins_a_page_joins_by_the_holder(loaded: Client) -> None:
    entries = loaded.get("Patient?_contained=true&name=adams&_include=Observation:performer").json()["entry"]
    assert [(one["resource"]["id"], one["search"]["mode"]) for one in entries] == [
        ("one", "match"),
        ("ann", "include"),
    ]


CHANGED = observation("one", patient("p", "Zander"), effectiveDateTime="1999-01-01")


def test_the_index_follows_updates_and_deletions(loaded: Client) -> None:
    assert loaded.put("Observation/one", CHANGED).status == 200
    assert found(loaded, "Patient?_contained=true&name=adams,zander") == [ONE]
    assert found(loaded, "Patient?_contained=true&gender=male") == [TWICE]
    assert found(loaded, "Patient?_contained=true") == [TWICE, ONE]
    assert found(loaded, "Observation?subject.name=adams") == []
    loaded.delete("Observation/one")
    assert found(loaded, "Patient?_contained=true") == [TWICE]
    loaded.put("Observation/two", observation("two", subject="Patient/ann"))
    loaded.delete("MedicationRequest/request")
    assert found(loaded, "Patient?_contained=true") == []
    for resource in ("Observation/two", "Patient/ann", "Observation/plain", "Organization/org"):
        loaded.delete(resource)
    # Nothing of what was contained is left in any table.
    partition = loaded.partition
    for table in ("posting", "reference", "string", "date", "quantity"):
        rows = fetch(
            partition.region, f"SELECT count(*) FROM fhir_{table} WHERE partition = %s", [partition.number]
        )
        assert rows == [(0,)], table


REFUSED = {
    "Patient?_contained=both&_text=x": "_text",
    "Patient?_contained=both&_content=x": "_content",
    "Patient?_contained=true&_list=1": "_list",
    "Patient?_contained=true&_filter=_text co x": "This search",
    "?_contained=true": "_type",
    "?_contained=true&_type=Patient,Observation": "_type",
    "Patient/ann/*?_contained=true": "_type",
    "Patient?_contained=true&_sort=name": "_sort",
    "Patient?_contained=true&_containedType=contained&_sort=_id": "_sort",
    "Patient?_contained=true&_containedType=contained&_include=Patient:organization": "_include",
    "Patient?_contained=true&_containedType=contained&_revinclude=Observation:subject": "_revinclude",
    "Patient?_contained=maybe": "_contained=maybe is not one of false, true, both",
    "Patient?_containedType=all": "_containedType=all is not one of container, contained",
}


@pytest.mark.parametrize("query", REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_had_of_contained_resources_is_refused_with_the_reason(
    loaded: Client, query: str
) -> None:
    refused = loaded.get(query)
    (issue,) = refused.json()["issue"]
    assert (refused.status, issue["diagnostics"].startswith(REFUSED[query])) == (400, True), issue


def test_a_condition_finds_no_contained_resource(loaded: Client) -> None:
    created = loaded.post("Patient", {"resourceType": "Patient"}, if_none_exist="name=adams")
    assert created.status == 201
    refused = loaded.post("Patient", {"resourceType": "Patient"}, if_none_exist="name=adams&_contained=true")
    assert (refused.status, "_contained" in refused.json()["issue"][0]["diagnostics"]) == (400, True)


def test_resources_without_contained_ones_are_kept_as_before() -> None:
    assert len(pack(NO_ROWS)) == 7  # an array of six, and nothing of contained resources


def test_what_was_stored_before_is_indexed_by_going_over_it(loaded: Client, region: str) -> None:
    number = loaded.partition.number
    kept = "SELECT key FROM fhir_posting WHERE partition = %s ORDER BY key"
    before = fetch(region, kept, [number])
    index_anew(region)
    assert fetch(region, kept, [number]) == before


def test_a_contained_resource_was_changed_with_what_holds_it(loaded: Client) -> None:
    whole = found(loaded, "Patient?_contained=true")
    assert whole
    assert found(loaded, "Patient?_contained=true&_lastUpdated=gt2020") == whole
    assert found(loaded, "Patient?_contained=true&_containedType=contained&_lastUpdated=gt2020")
    assert found(loaded, "Patient?_contained=true&_lastUpdated=lt2020") == []
    assert found(loaded, "Patient?_contained=both&_lastUpdated=lt2020") == []
    both = found(loaded, "Patient?_contained=both")
    assert found(loaded, "Patient?_contained=both&_lastUpdated=ge2020") == both
