"""The index as it is made now: keys of one value beside each other, texts with their mark, all of it made again from what is stored."""

import itertools

import pytest

from fhirserver.connection import execute
from fhirserver.indexing.keys import compartment_key, present_key, type_key, value_key
from fhirserver.indexing.params.string import folded, marked
from fhirserver.reindex import index_anew
from fhirserver.rows import NO_ROWS, pack
from tests.fhirserver.client import Client

PATIENT = {
    "resourceType": "Patient",
    "active": True,
    "identifier": [{"system": "http://ids.example.org", "value": "Q7"}],
    "name": [{"family": "Müller"}],
}
WEIGHT = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "weight"},
    "valueQuantity": {"value": 71, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
}


def test_the_rows_of_every_resource_can_be_made_again(client: Client, region: str) -> None:
    client.create(PATIENT)
    client.create(WEIGHT)
    searches = [
        "Patient?identifier=q7",
        "Patient?family:exact=Müller",
        "Patient?active=|true",
        "Observation?value-quantity=71000|http://unitsofmeasure.org|g",
        "Observation?value-quantity:missing=false&_sort=value-quantity",
    ]
    number = client.partition.number
    for table in ("fhir_posting", "fhir_string", "fhir_quantity"):
        execute(region, f"DELETE FROM {table} WHERE partition = %s", (number,))
    execute(region, "UPDATE fhir_resource SET postings = %s WHERE partition = %s", (pack(NO_ROWS), number))
    assert [client.get(search).json().get("total", 0) for search in searches] == [0] * len(searches)
    index_anew(region)
    assert [len(client.get(search).json()["entry"]) for search in searches] == [1] * len(searches)


def test_keys_of_one_value_lie_beside_each_other_and_differ() -> None:
    ways = [
        ("system|code", "a", "q7"),
        ("system|code", "b", "q7"),
        ("code", "q7"),
        ("|code", "q7"),
    ]
    codes = ["identifier", "telecom", "phone"]
    keys = [value_key("Patient", code, way) for code, way in itertools.product(codes, ways)]
    keys += [compartment_key("Patient", "q7"), compartment_key("Patient", "q7", "Observation")]
    assert len(set(keys)) == len(keys)
    assert len({key >> 40 for key in keys}) == 1
    assert all(-(2**63) <= key < 2**63 for key in [*keys, type_key("Patient"), present_key("Patient", "q7")])
    assert value_key("Patient", "identifier", ("code", "q8")) >> 40 != keys[0] >> 40


@pytest.mark.parametrize("text", ["Smith", "SMITH", "smíth", " smith", "smith\x01ABCDEFGHIJKLMNOP"])
def test_a_mark_tells_texts_apart_that_fold_alike(text: str) -> None:
    assert marked("smith") == "smith"
    assert marked(text) != marked("smith")
    assert marked(text).startswith(folded(text) + "\x01")
    assert marked(text).count("\x01") == 1
