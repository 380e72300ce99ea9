"""Requests can be kept: saved, shared in the tenant, and collected into one Bundle."""

import base64
import html
import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from deployments.models import Deployment
from explorer.building.composing import NotAnEntry, bundle_entry
from explorer.building.outgoing import Outgoing
from explorer.models import SavedRequest
from portal.models import User
from tests.explorer.conftest import SignIn
from tests.explorer.test_execution import PATIENT, create, page_of

BASE = "https://fhir.example.org/r4"


def sent(method: str, path: str, body: str = "", **headers: str) -> Outgoing:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Outgoing(method, f"{BASE}/{path}".rstrip("/"), named, body)


def test_each_request_becomes_the_entry_that_does_the_same() -> None:
    assert bundle_entry(sent("GET", "Patient?gender=male"), BASE) == {
        "request": {"method": "GET", "url": "Patient?gender=male"}
    }
    searched = bundle_entry(sent("POST", "Patient/_search", "gender=male"), BASE)
    assert searched["request"] == {"method": "GET", "url": "Patient?gender=male"}
    put = bundle_entry(sent("PUT", "Patient/1", PATIENT, If_Match='W/"1"'), BASE)
    assert put["request"] == {"method": "PUT", "url": "Patient/1", "ifMatch": 'W/"1"'}
    assert put["resource"]["gender"] == "male"
    made = bundle_entry(sent("POST", "Patient", PATIENT, If_None_Exist="name=x"), BASE)
    assert made["request"]["ifNoneExist"] == "name=x"
    assert made["fullUrl"].startswith("urn:uuid:")
    for kind, body in (("application/json-patch+json", "[]"), ("application/merge-patch+json", "{}")):
        patch = bundle_entry(sent("PATCH", "Patient/1", body, Content_Type=kind), BASE)["resource"]
        assert (patch["contentType"], base64.b64decode(patch["data"])) == (kind, body.encode())


@pytest.mark.parametrize(("path", "body"), [("", "{}"), ("Patient", "<Patient/>"), ("Patient", "[]")])
def test_what_cannot_be_an_entry_says_why(path: str, body: str) -> None:
    with pytest.raises(NotAnEntry):
        bundle_entry(sent("POST", path, body), BASE)


def sealed(client: Client, deployment: Deployment, **fields: str) -> str:
    """The sealed request in the answer panel of a preview."""
    asked = {f".{name}": value for name, value in fields.items()} | {".preview": "1"}
    found = re.search(r'name="sealed" value="([^"]+)"', client.post(page_of(deployment), asked).text)
    assert found
    return found.group(1)


def names(client: Client, deployment: Deployment) -> list[str]:
    text = client.get(reverse("explorer:saved", args=[deployment.pk])).text
    return re.findall(r'saved/\d+/">([^<]+)</a>', text)


@pytest.mark.django_db(databases="__all__")
def test_a_bundle_is_composed_ordered_and_sent(explorer: Client, deployment: Deployment) -> None:
    logical_id = create(explorer, deployment)
    for fields in ({"do": "create", "body": PATIENT}, {"do": "delete", "id": logical_id}):
        add = {"sealed": sealed(explorer, deployment, **fields)}
        explorer.post(reverse("explorer:collect", args=[deployment.pk]), add)
    explorer.post(reverse("explorer:arrange", args=[deployment.pk]), {"down": "0"})
    text = explorer.post(reverse("explorer:compose", args=[deployment.pk]), {"kind": "transaction"}).text
    body = html.unescape(
        text.split('<textarea id="batch-body"')[1].partition(">")[2].partition("</textarea>")[0]
    )
    assert [each["request"]["method"] for each in json.loads(body)["entry"]] == ["DELETE", "POST"]
    run = {".do": "batch", ".body": body, ".run": "1"}
    answer = explorer.post(reverse("explorer:index", args=[deployment.pk]), run).text
    assert "200 OK" in answer
    explorer.post(reverse("explorer:arrange", args=[deployment.pk]), {"clear": "1"})
    assert "No requests collected" in explorer.get(reverse("explorer:composer", args=[deployment.pk])).text


@pytest.mark.django_db(databases="__all__")
def test_a_saved_request_is_its_owners_until_it_is_shared(
    explorer: Client, deployment: Deployment, bob: User, sign_in: SignIn
) -> None:
    team_mate = sign_in(bob)
    keep = {"sealed": sealed(explorer, deployment, do="create", body=PATIENT), "name": "New patient"}
    explorer.post(reverse("explorer:save", args=[deployment.pk]), keep)
    (saved,) = SavedRequest.objects.all()
    assert "O'Neil" not in saved.sealed
    address = reverse("explorer:open-saved", args=[deployment.pk, saved.pk])
    assert "O&#x27;Neil" in explorer.get(address).text
    assert names(team_mate, deployment) == []
    assert team_mate.get(address).status_code == 404
    explorer.post(reverse("explorer:save", args=[deployment.pk]), keep | {"shared": "on"})
    assert names(team_mate, deployment) == ["New patient"]
    assert "O&#x27;Neil" in team_mate.get(address).text
    delete = reverse("explorer:delete-saved", args=[deployment.pk, saved.pk])
    assert team_mate.post(delete).status_code == 404
    assert explorer.post(delete).status_code == 302
    assert names(explorer, deployment) == []


@pytest.mark.django_db(databases="__all__")
def test_who_only_reads_saves_for_themselves(deployment: Deployment, bob: User, sign_in: SignIn) -> None:
    client = sign_in(bob)
    keep = {"sealed": sealed(client, deployment, do="search"), "name": "Mine", "shared": "on"}
    client.post(reverse("explorer:save", args=[deployment.pk]), keep)
    assert not SavedRequest.objects.get().shared


@pytest.mark.django_db(databases="__all__")
def test_only_what_this_server_sealed_is_kept(explorer: Client, deployment: Deployment) -> None:
    forged = {"sealed": "nonsense", "name": "x"}
    assert explorer.post(reverse("explorer:save", args=[deployment.pk]), forged).status_code == 404
    explorer.post(reverse("explorer:collect", args=[deployment.pk]), forged)
    assert "No requests collected" in explorer.get(reverse("explorer:composer", args=[deployment.pk])).text


@pytest.mark.django_db(databases="__all__")
def test_a_record_of_the_deployment_is_put_into_the_editor(explorer: Client, deployment: Deployment) -> None:
    logical_id = create(explorer, deployment)
    read = explorer.get(page_of(deployment), {".do": "read", ".id": logical_id, ".run": "1"}).text
    address = reverse("explorer:edit", args=[deployment.pk, "Patient"]) + f"?id={logical_id}"
    assert f'href="{address}#try"' in read
    text = explorer.get(address).text
    assert "O&#x27;Neil" in text.split("update-body")[-1]
    gone = explorer.get(reverse("explorer:edit", args=[deployment.pk, "Patient"]), {"id": "nobody"})
    assert gone.status_code == 302
