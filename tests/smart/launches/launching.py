"""How an application is launched from the simulated EHR, and what its token may then do at the door."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.test import Client
from django.urls import reverse

from credentials.models import OAuthApplication
from fhirserver import engine
from fhirserver.access import FULL
from fhirserver.http import FhirRequest
from fhirserver.partitions import Partition
from portal.models import User
from smart.addresses import fhir_base
from tests.smart.conftest import PASSWORD, Flow, parameters_of

LAUNCH_URL = "https://app.example/launch"


EHR_SCOPE = "launch openid fhirUser patient/Patient.rs patient/Observation.rs"


def put(partition: Partition, resource: dict[str, Any]) -> None:
    path, body = f"{resource['resourceType']}/{resource['id']}", json.dumps(resource).encode()
    headers = {"content-type": "application/fhir+json"}
    answer = engine.respond(FhirRequest("PUT", path, [], headers, body), partition, FULL)
    assert answer.status == 201, answer.body


def partition_of(app: OAuthApplication) -> Partition:
    deployment = app.server.deployment
    assert deployment.partition is not None
    return Partition(deployment.region.database, deployment.partition)


def simulate(app: OAuthApplication, by: User, **chosen: str) -> Any:
    """What the launch simulator answers."""
    browser = Client()
    browser.force_login(by)
    return browser.post(reverse("oauth:launch", args=[app.deployment_id, app.pk]), chosen)


def launched(app: OAuthApplication, by: User, **chosen: str) -> str:
    address = simulate(app, by, **chosen)["Location"]
    assert address.startswith(LAUNCH_URL)
    sent = parameters_of(address)
    assert sent["iss"] == fhir_base(app.deployment_id)
    return sent["launch"]


def ehr_flow(app: OAuthApplication, username: str = "doctor") -> Flow:
    flow = Flow(Client(), app.server.deployment, app, scope=EHR_SCOPE)
    sign_in(flow, username)
    return flow


def sign_in(flow: Flow, username: str) -> None:
    """In the flow's browser, on the way of a request that is not finished."""
    page = flow.authorize(scope="openid")["Location"]
    page = flow.client.get(page)["Location"]
    answer = flow.client.post(page, {"username": username, "password": PASSWORD})
    assert answer.status_code == 302, answer.content


def status_at_the_door(flow: Flow, token: str, path: str) -> int:
    base = urlsplit(fhir_base(flow.deployment.pk)).path
    headers = {"authorization": f"Bearer {token}"}
    return int(Client().get(f"{base}/{path}", headers=headers).status_code)
