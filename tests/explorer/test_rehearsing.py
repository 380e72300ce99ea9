"""A dry run shows what a write would change, and changes nothing."""

import html
import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from deployments.models import Deployment
from explorer.models import SentRequest
from tests.explorer.test_execution import PATIENT, create, page_of

pytestmark = pytest.mark.django_db(databases="__all__")


def dry(client: Client, deployment: Deployment, resource_type: str = "Patient", **fields: str) -> str:
    url = (
        page_of(deployment, resource_type)
        if resource_type
        else reverse("explorer:index", args=[deployment.pk])
    )
    sent = {f".{name}": value for name, value in fields.items()} | {".dry": "1"}
    answer = client.post(url, sent, headers={"HX-Request": "true"})
    return html.unescape(re.sub("<[^>]+>", "", answer.text))


def test_a_dry_run_of_an_update_shows_what_would_change(explorer: Client, deployment: Deployment) -> None:
    logical_id = create(explorer, deployment)
    changed = json.dumps({**json.loads(PATIENT), "id": logical_id, "gender": "female"})
    text = dry(explorer, deployment, do="update", id=logical_id, body=changed)
    assert "Dry run" in text
    assert "200 OK" in text
    assert f"Patient/{logical_id} would be changed" in text
    assert '-  "gender": "male"' in text
    assert '+  "gender": "female"' in text
    read = explorer.get(page_of(deployment), {".do": "search", "gender": "female", ".run": "1"})
    assert logical_id not in read.text
    assert SentRequest.objects.filter(operation="update").count() == 0


def test_a_dry_run_of_a_delete_shows_what_would_go(explorer: Client, deployment: Deployment) -> None:
    logical_id = create(explorer, deployment)
    assert f"Patient/{logical_id} would be deleted" in dry(explorer, deployment, do="delete", id=logical_id)


def test_a_dry_run_that_fails_shows_the_outcome(explorer: Client, deployment: Deployment) -> None:
    body = json.dumps({"resourceType": "Patient", "gender": "nobody"})
    text = dry(explorer, deployment, do="create", body=body)
    assert "422" in text
    assert "Patient.gender" in text


def test_a_dry_run_of_a_transaction_shows_each_effect(explorer: Client, deployment: Deployment) -> None:
    logical_id = create(explorer, deployment)
    entries = [
        {"request": {"method": "DELETE", "url": f"Patient/{logical_id}"}},
        {"resource": json.loads(PATIENT), "request": {"method": "POST", "url": "Patient"}},
    ]
    bundle = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries})
    text = dry(explorer, deployment, "", do="batch", body=bundle)
    assert f"Patient/{logical_id} would be deleted" in text
    assert text.count("would be created") == 1


def test_a_link_cannot_start_a_dry_run(explorer: Client, deployment: Deployment) -> None:
    answer = explorer.get(page_of(deployment), {".do": "create", ".body": PATIENT, ".dry": "1"})
    assert "would be created" not in answer.text


def test_where_nothing_can_be_taken_back_no_dry_run_is_offered(
    explorer: Client, deployment: Deployment
) -> None:
    address = f"{page_of(deployment)}?.do=create"
    assert 'name=".dry"' in explorer.get(address).text
    assert 'name=".dry"' not in explorer.get(f"{page_of(deployment)}?.do=read").text
    Deployment.objects.filter(pk=deployment.pk).update(upstream="https://fhir.example.org/r4")
    answer = explorer.post(page_of(deployment), {".do": "create", ".body": PATIENT, ".dry": "1"})
    assert "would be created" not in answer.text
