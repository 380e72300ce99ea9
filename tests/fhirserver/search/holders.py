"""Resources that hold others, and what a search of them finds."""

from typing import Any

from tests.fhirserver.client import BASE, Client

MRN = "http://mrn.example"


def patient(logical_id: str, family: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": logical_id, "name": [{"family": family}], **more}


def observation(
    logical_id: str, *contained: dict[str, Any], subject: str = "#p", **more: Any
) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": logical_id,
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": subject},
        **({"contained": list(contained)} if contained else {}),
        **more,
    }


ANN = patient("ann", "Abel", gender="female", birthDate="1970-01-01")
WITHIN = patient(
    "p",
    "Adams",
    gender="male",
    birthDate="1980-02-03",
    identifier=[{"system": MRN, "value": "7"}],
    managingOrganization={"reference": "Organization/org"},
)
TWO = [
    patient("p", "Baker", gender="male"),
    patient("q", "Carter", gender="female", managingOrganization={"reference": "#o"}),
    {"resourceType": "Organization", "id": "o", "name": "Inner"},
]
RESOURCES = [
    {"resourceType": "Organization", "id": "org", "name": "Outer"},
    ANN,
    observation("plain", subject="Patient/ann", effectiveDateTime="2020-01-01"),
    observation("one", WITHIN, effectiveDateTime="2021-01-01", performer=[{"reference": "Patient/ann"}]),
    observation("two", *TWO, effectiveDateTime="2022-01-01", focus=[{"reference": "#q"}]),
    {
        "resourceType": "MedicationRequest",
        "id": "request",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/ann"},
        "medicationReference": {"reference": "#m"},
        "contained": [
            {
                "resourceType": "Medication",
                "id": "m",
                "code": {"coding": [{"system": "http://rx.example", "code": "1"}]},
            }
        ],
    },
]


ONE, TWICE, REQUEST = "Observation/one", "Observation/two", "MedicationRequest/request"


def loaded_holders(client: Client) -> Client:
    for resource in RESOURCES:
        answered = client.put(f"{resource['resourceType']}/{resource['id']}", resource)
        assert answered.status == 201, answered.body
    return client


def found(client: Client, query: str) -> list[str]:
    """The matches of all pages as the end of their fullUrl, in order."""
    answered = client.get(query)
    assert answered.status == 200, answered.body
    bundle, listed = answered.json(), []
    while True:
        listed += [
            one["fullUrl"].removeprefix(f"{BASE}/")
            for one in bundle.get("entry", [])
            if one["search"]["mode"] == "match"
        ]
        following = [one["url"] for one in bundle["link"] if one["relation"] == "next"]
        if not following:
            return listed
        bundle = client.get(following[0]).json()
