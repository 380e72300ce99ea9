"""A ward with records and people, and an application that can be launched."""

from typing import Any

import pytest

from credentials.models import OAuthApplication
from deployments.models import Deployment, Region, State
from fhirserver import partitions
from portal.models import Tenant
from smart.users import create_user
from tests.smart.conftest import PASSWORD
from tests.smart.launches.launching import LAUNCH_URL, put

RECORDS: list[dict[str, Any]] = [
    {"resourceType": "Patient", "id": "p1", "name": [{"family": "Ember", "given": ["Paula"]}]},
    {"resourceType": "Patient", "id": "p2", "name": [{"family": "Ash", "given": ["Oskar"]}]},
    {"resourceType": "Patient", "id": "p3", "name": [{"family": "Ash", "given": ["Nora"]}]},
    *(
        {
            "resourceType": "Encounter",
            "id": f"e-{patient}",
            "status": "finished",
            "class": {"code": "AMB"},
            "type": [{"text": "Check-up"}],
            "subject": {"reference": f"Patient/{patient}"},
            "period": {"start": "2026-01-05"},
        }
        for patient in ("p1", "p2")
    ),
    {
        "resourceType": "Person",
        "id": "mother",
        "link": [
            {"target": {"reference": "Patient/p1"}},
            {"target": {"reference": "Patient/p2"}},
            {"target": {"reference": "https://elsewhere.example/r4/Patient/p3"}},
        ],
    },
    {"resourceType": "RelatedPerson", "id": "father", "patient": {"reference": "Patient/p2"}},
]


@pytest.fixture
def deployment(tenant: Tenant, place: Region) -> Deployment:
    partition = partitions.reserve("region_local")
    made = Deployment.objects.create(
        tenant=tenant, name="Ward", size="xl", region=place, state=State.RUNNING, partition=partition.number
    )
    for record in RECORDS:
        put(partition, record)
    for name, who in (
        ("doctor", "Practitioner/d1"),
        ("mother", "Person/mother"),
        ("father", "RelatedPerson/father"),
        ("nobody", ""),
    ):
        create_user(made, username=name, password=PASSWORD, name=name.title(), fhir_user=who)
    return made


@pytest.fixture
def app(public_app: OAuthApplication) -> OAuthApplication:
    public_app.launch_url = LAUNCH_URL
    public_app.allowed_scopes += " launch patient/*.cruds"
    public_app.save()
    return public_app
