"""A search says in plain words what it looks for."""

import pytest

from explorer.building.criteria import parse_query
from explorer.building.words import describe_search

KINDS = {
    "gender": "token",
    "birthdate": "date",
    "name": "string",
    "value-quantity": "quantity",
    "date": "date",
}


@pytest.mark.parametrize(
    ("resource_type", "query", "words"),
    [
        ("Patient", "", "All patients."),
        ("", "", "Resources of all types."),
        (
            "Patient",
            "gender=male&birthdate=gt1980&_sort=-birthdate&_revinclude=Observation:patient",
            "Patients whose gender is male and whose birthdate is after 1980, newest birthdate first, "
            "with every Observation whose patient they are.",
        ),
        ("Patient", "name=Eve,Zoe", "Patients whose name starts with Eve or Zoe."),
        ("Patient", "name:exact=Eve", "Patients whose name is exactly Eve."),
        ("Patient", "gender:missing=true", "Patients whose gender is missing."),
        ("Observation", "value-quantity=ge5.4&_count=10", "Observations whose value-quantity is at least 5.4, 10 a page."),
        ("Observation", "subject:Patient.name=Eve", "Observations whose subject (a Patient) is one whose name is Eve."),
        ("Patient", "_has:Observation:patient:code=1", "Patients that are the patient of some Observation whose code is 1."),
        ("Study", "_elements=id,name&_summary=true", "All studies, only id, name, as summaries."),
    ],
)  # fmt: skip
def test_a_search_in_words(resource_type: str, query: str, words: str) -> None:
    assert describe_search(resource_type, parse_query(query), KINDS) == words


def test_chains_and_reverse_chains_can_be_picked() -> None:
    from explorer.definitions.paths import search_paths

    paths = search_paths("Observation")
    assert "subject:Patient.name" in paths
    assert "_has:Observation:patient:code" in search_paths("Patient")
    assert len(paths) < 400
