"""`near`, and composites of a code and two numbers."""

from typing import Any

import pytest

from fhirserver import bulk
from tests.fhirserver.client import Client


def place(logical_id: str, latitude: float, longitude: float) -> dict[str, Any]:
    position = {"latitude": latitude, "longitude": longitude}
    return {"resourceType": "Location", "id": logical_id, "status": "active", "position": position}


def sequence(
    logical_id: str, chromosome: str, start: int, end: int, *variants: tuple[int, int]
) -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/chromosome-human"
    return {
        "resourceType": "MolecularSequence", "id": logical_id, "coordinateSystem": 1,
        "referenceSeq": {
            "chromosome": {"coding": [{"system": system, "code": chromosome}]}, "windowStart": start, "windowEnd": end,
            "referenceSeqId": {"coding": [{"system": "http://ncbi.example", "code": f"NC_{chromosome}"}]},
        },
        "variant": [{"start": one, "end": other} for one, other in variants],
    }  # fmt: skip


RESOURCES = [
    place("boston", 42.3601, -71.0589),
    place("cambridge", 42.3736, -71.1097),  # 4.4 km
    place("worcester", 42.2626, -71.8023),  # 62 km
    place("fiji", -17.0, 179.99),
    place("samoa", -17.0, -179.99),  # 2.1 km
    place("pole", 89.999, 10),
    {"resourceType": "Location", "id": "nowhere", "status": "active"},
    sequence("one", "1", 100, 200, (110, 120), (150, 155)),
    sequence("two", "2", 100, 200, (110, 155)),
]

CASES = {
    "Location?near=42.3601|-71.0589|5|km": "boston cambridge",
    "Location?near=42.3601|-71.0589|4|km": "boston",
    "Location?near=42.3601|-71.0589|4500|m": "boston cambridge",
    "Location?near=42.3601|-71.0589|3|[mi_i]": "boston cambridge",
    "Location?near=42.3601|-71.0589|3|mi": "boston cambridge",
    "Location?near=42.3601|-71.0589|61": "boston cambridge",
    "Location?near=42.3601|-71.0589|62.5": "boston cambridge worcester",
    "Location?near=42.3601|-71.0589": "boston cambridge",
    "Location?near=42.3601|-71.0589|0|m": "boston",
    "Location?near=42.3601|-71.0589|1|m": "boston",
    "Location?near=-17.0|180|2|km": "fiji samoa",
    "Location?near=90|-170|1|km": "pole",
    "Location?near=-90|0|20016|km": "boston cambridge fiji pole samoa worcester",
    "Location?near=0|0|1|km": "",
    "Location?near=0|0|1|km,-17.0|179.99|1|km": "fiji",
    "Location?near=42.3601|-71.0589|100&status=active&_sort=_id": "boston cambridge worcester",
    "Location?_filter=near eq \"-17.0|179.99|1\" or _id eq nowhere": "fiji nowhere",
    "Location?_filter=not (near eq \"-17.0|179.99|1000000\")": "nowhere",
    "MolecularSequence?chromosome-window-coordinate=1$100$200": "one",
    "MolecularSequence?chromosome-window-coordinate=1$lt150$gt150": "one",
    "MolecularSequence?chromosome-window-coordinate=http://terminology.hl7.org/CodeSystem/chromosome-human|2$ge100$le200": "two",
    "MolecularSequence?chromosome-window-coordinate=1$gt100$200": "",
    "MolecularSequence?chromosome-variant-coordinate=1$110$120": "one",
    "MolecularSequence?chromosome-variant-coordinate=1$110$155": "",
    "MolecularSequence?chromosome-variant-coordinate=2$110$155,1$150$155": "one two",
    "MolecularSequence?referenceseqid-variant-coordinate=NC_2$lt111$gt154": "two",
    "MolecularSequence?referenceseqid-window-coordinate=http://ncbi.example|NC_1$ne101$200": "one",
}  # fmt: skip


def test_places_and_coordinates_are_found(client: Client) -> None:
    bulk.load(client.partition, RESOURCES, validate=True)
    found = {}
    for query in CASES:
        answered = client.get(query)
        assert answered.status == 200, (query, answered.body)
        found[query] = " ".join(sorted(one["resource"]["id"] for one in answered.json().get("entry", [])))
    assert found == CASES


FAULTS = {
    "Location?near=42": "latitude|longitude|distance|units",
    "Location?near=91|0": "the latitude is not between -90 and 90",
    "Location?near=nan|0": "the latitude is not between",
    "Location?near=0|east": "the longitude east is not a number",
    "Location?near=0|0|-1": "the distance is not between",
    "Location?near=0|0|1|kg": "kg is not a unit of length",
    "Location?near:missing=true": "missing",
    "MolecularSequence?chromosome-window-coordinate=1$2": "value$value$value",
    "MolecularSequence?chromosome-window-coordinate=1$2$x": "is not a number",
}


@pytest.mark.parametrize("query", FAULTS, ids=range(len(FAULTS)))
def test_what_is_no_place_is_refused_with_the_reason(client: Client, query: str) -> None:
    answered = client.get(query)
    assert answered.status == 400
    assert FAULTS[query] in answered.json()["issue"][0]["diagnostics"]
