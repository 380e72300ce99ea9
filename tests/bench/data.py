"""The store that the workloads run on: patients with 19 observations each, made from a seed."""

import json
import random
from collections.abc import Iterator
from typing import Any

OBSERVATIONS_EACH = 19
BATCH = 200
FAMILIES = [
    f"{start}{end}"
    for start in ("Ander", "Berg", "Carl", "Dahl", "Eriks")
    for end in ("son", "sen", "ström", "lund")
]
GIVEN = ["Anna", "Bea", "Carla", "David", "Erik", "Fatima", "Georg", "Hanna", "Ivar", "Jana"]
CODES = [
    ("8867-4", "Heart rate", "/min"),
    ("8310-5", "Body temperature", "Cel"),
    ("29463-7", "Body weight", "kg"),
]
CODES += [(f"{10_000 + number}-{number % 10}", f"Laboratory test {number}", "mg/dL") for number in range(17)]


def patient(number: int) -> dict[str, Any]:
    seeded = random.Random(number)
    return {
        "resourceType": "Patient",
        "id": f"bench-{number}",
        "identifier": [{"system": "http://bench.example/mrn", "value": f"MRN{number:06d}"}],
        "active": True,
        "name": [
            {
                "use": "official",
                "family": f"{seeded.choice(FAMILIES)}{number % 50}",
                "given": [seeded.choice(GIVEN)],
            }
        ],
        "telecom": [{"system": "phone", "value": f"555-{number:06d}", "use": "home"}],
        "gender": seeded.choice(["male", "female"]),
        "birthDate": f"{seeded.randint(1930, 2020)}-{seeded.randint(1, 12):02d}-{seeded.randint(1, 28):02d}",
        "address": [
            {
                "line": [f"{number} Main Street"],
                "city": "Uppsala",
                "postalCode": f"{number % 99999:05d}",
                "country": "SE",
            }
        ],
    }


def observation(patient_number: int, number: int) -> dict[str, Any]:
    seeded = random.Random(patient_number * 1000 + number)
    code, display, unit = seeded.choice(CODES)
    return {
        "resourceType": "Observation",
        "id": f"bench-{patient_number}-{number}",
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "vital-signs",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]},
        "subject": {"reference": f"Patient/bench-{patient_number}"},
        "effectiveDateTime": f"{seeded.randint(2010, 2025)}-{seeded.randint(1, 12):02d}-{seeded.randint(1, 28):02d}T08:30:00Z",
        "valueQuantity": {
            "value": round(seeded.uniform(1, 200), 1),
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        },
    }


def put_entry(resource: dict[str, Any]) -> dict[str, Any]:
    url = f"{resource['resourceType']}/{resource['id']}"
    return {
        "fullUrl": f"http://bench.example/{url}",
        "resource": resource,
        "request": {"method": "PUT", "url": url},
    }


def transactions(patients: range) -> Iterator[bytes]:
    """Transaction bundles of about BATCH entries that hold these patients with their observations."""
    entries: list[dict[str, Any]] = []
    for number in patients:
        entries.append(put_entry(patient(number)))
        entries.extend(put_entry(observation(number, one)) for one in range(OBSERVATIONS_EACH))
        if len(entries) >= BATCH:
            yield bundle(entries)
            entries = []
    if entries:
        yield bundle(entries)


def bundle(entries: list[dict[str, Any]]) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
