"""A deployment of the embedded engine with the records of two patients, at the live server's address."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deployments.models import Deployment, Region, State
from fhirserver import engine, partitions
from fhirserver.access import FULL
from fhirserver.clearing import drop
from fhirserver.http import FhirRequest
from fhirserver.partitions import Partition
from portal.models import Tenant
from smart.users import create_user

PASSWORD = "warm-hearth-evening"


@pytest.fixture
def ward(tenant: Tenant, place: Region, settings: Any, live_server: Any) -> Iterator[Deployment]:
    """Patients p1 and p2, each with an observation, a condition and a visit. Paula is p1, and Dora a practitioner."""
    settings.PUBLIC_URL = live_server.url
    partition = partitions.reserve("region_local")
    made = Deployment.objects.create(
        tenant=tenant, name="Ward", size="m", region=place, state=State.RUNNING, partition=partition.number
    )
    for name in ("p1", "p2"):
        _put(partition, {"resourceType": "Patient", "id": name, "name": [{"family": name}]})
        subject = {"reference": f"Patient/{name}"}
        coded = {"status": "final", "code": {"text": "x"}, "subject": subject}
        _put(partition, {"resourceType": "Observation", "id": f"o-{name}", **coded})
        _put(partition, {"resourceType": "Condition", "id": f"c-{name}", "subject": subject})
        visit = {"status": "finished", "class": {"code": "AMB"}, "subject": subject}
        _put(partition, {"resourceType": "Encounter", "id": f"e-{name}", **visit})
    _put(partition, {"resourceType": "Practitioner", "id": "dora", "name": [{"family": "Dora"}]})
    create_user(made, username="paula", password=PASSWORD, name="Paula", fhir_user="Patient/p1")
    create_user(made, username="dora", password=PASSWORD, name="Dora", fhir_user="Practitioner/dora")
    yield made
    drop(partition)


def _put(partition: Partition, resource: dict[str, Any]) -> None:
    path, body = f"{resource['resourceType']}/{resource['id']}", json.dumps(resource).encode()
    headers = {"content-type": "application/fhir+json"}
    assert engine.respond(FhirRequest("PUT", path, [], headers, body), partition, FULL).status == 201
