"""The same explorer for any FHIR server by its base URL: here another deployment, over real HTTP."""

import html
import json
import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from credentials.access import FULL, chosen
from credentials.services import create_api_key
from deployments.models import Deployment
from deployments.regions import synchronise_regions
from explorer.models import ForeignServer, SavedRequest, SentRequest, ServerCredential
from portal.models import Membership, Role, User
from tests.explorer.conftest import SignIn

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "region_local"])


@pytest.fixture(autouse=True)
def _regions(transactional_db: None) -> None:
    synchronise_regions()


@pytest.fixture
def base(deployment: Deployment, live_server: LiveServer, settings: Settings) -> str:
    """The FHIR base of another deployment, which the operator allows to be spoken to."""
    settings.OUTBOUND_ALLOWED = ["localhost", "127.0.0.1"]
    settings.PUBLIC_URL = live_server.url
    return f"{live_server.url}/fhir/{deployment.pk}/r4"


@pytest.fixture
def bobs(bob: User, sign_in: SignIn) -> Client:
    return sign_in(bob)


def opened(client: Client, base: str, **fields: str) -> str:
    """The address of the explorer of this server."""
    response = client.post(reverse("servers:list"), {"base": base, **fields})
    assert response.status_code == 302, response.text
    return response.headers["Location"]


def test_it_shows_what_the_server_says_it_can_do(bobs: Client, base: str) -> None:
    home = opened(bobs, base)
    assert "of FHIR R4" in bobs.get(home).text
    text = bobs.get(f"{home}Patient/").text
    assert 'id="op-search"' in text
    assert "not supported here" not in text
    assert "Dry run" not in bobs.get(f"{home}Patient/?.do=create").text
    for page in ("types/HumanName/", "elements/Patient.contact/", "Patient/versions/", "find/"):
        assert bobs.get(f"{home}{page}").status_code == 200, page


@pytest.mark.parametrize("answers_in", ["json", "xml"])
def test_requests_carry_the_stored_key_and_links_lead_on(
    bobs: Client, base: str, deployment: Deployment, answers_in: str
) -> None:
    _, key = create_api_key(deployment, name="For Bob", access=FULL, by=None)
    home = opened(bobs, base, scheme="header", header="X-API-Key", secret=key, format=answers_in)
    body = '{"resourceType": "Patient", "gender": "male"}'
    made = bobs.post(f"{home}Patient/", {".do": "create", ".body": body, ".run": "1"}).text
    assert "201 Created" in made
    assert f"{home}Patient/?.do=read" in made
    found = html.unescape(bobs.get(f"{home}Patient/", {".do": "search", "gender": "male", ".run": "1"}).text)
    assert "200 OK" in found
    assert "gender=male&_format=" in found
    assert "$FHIR_API_KEY" in found
    assert key not in found + made
    download = bobs.get(f"{home}Patient/download/", {".do": "search", "gender": "male"})
    assert b"Bundle" in b"".join(download.streaming_content)
    assert [each.method for each in SentRequest.objects.all()] == ["GET", "POST"]
    assert all(key not in each.sealed for each in SentRequest.objects.all())


def sealed(client: Client, address: str, **fields: str) -> str:
    """The sealed request in the answer panel of a preview."""
    asked = {f".{name}": value for name, value in fields.items()} | {".preview": "1"}
    found = re.search(r'name="sealed" value="([^"]+)"', client.post(address, asked).text)
    assert found
    return found.group(1)


def test_requests_are_remembered_and_sent_again(bobs: Client, base: str, deployment: Deployment) -> None:
    home = opened(bobs, base)
    bobs.get(f"{home}Patient/", {".do": "search", "gender": "male", ".run": "1"})
    lines = bobs.get(f"{home}history/").text
    assert "Patient search&amp;gender=male" in lines
    address = re.search(rf'href="({home}history/\d+/)"', lines)
    assert address
    again = bobs.get(address.group(1))
    assert again.headers["Location"] == f"{home}Patient/?.do=search&gender=male"
    # What was sent elsewhere is no part of a deployment's history.
    ours = SentRequest.objects.filter(deployment=deployment)
    assert not ours.exists()
    assert bobs.post(f"{home}history/clear/").headers["Location"] == f"{home}history/"
    assert "Nothing sent yet" in bobs.get(f"{home}history/").text


def test_a_request_is_saved_by_its_name(bobs: Client, base: str) -> None:
    home = opened(bobs, base)
    preview = sealed(bobs, f"{home}Patient/", do="search")
    assert bobs.post(f"{home}saved/save/", {"sealed": preview, "name": "Everybody", "shared": "on"})
    assert not SavedRequest.objects.get().shared, "a server elsewhere belongs to one person"
    lines = bobs.get(f"{home}saved/").text
    address = re.search(rf'href="({home}saved/\d+/)">Everybody<', lines)
    assert address
    assert bobs.get(address.group(1)).headers["Location"] == f"{home}Patient/?.do=search"
    bobs.post(f"{address.group(1)}delete/")
    assert not SavedRequest.objects.exists()


def test_collected_requests_become_a_bundle_for_the_server(
    bobs: Client, base: str, deployment: Deployment
) -> None:
    _, key = create_api_key(deployment, name="For Bob", access=FULL, by=None)
    home = opened(bobs, base, scheme="header", secret=key)
    body = '{"resourceType": "Patient", "gender": "male"}'
    for fields in ({"do": "create", "body": body}, {"do": "search"}):
        bobs.post(f"{home}bundle/add/", {"sealed": sealed(bobs, f"{home}Patient/", **fields)})
    composed = bobs.post(f"{home}bundle/compose/", {"kind": "batch"}).text
    area = composed.split('<textarea id="batch-body"')[1].partition(">")[2].partition("</textarea>")[0]
    bundle = json.loads(html.unescape(area))
    assert [each["request"]["url"] for each in bundle["entry"]] == ["Patient", "Patient"]
    run = {".do": "batch", ".body": json.dumps(bundle), ".run": "1"}
    assert "200 OK" in bobs.post(home, run).text


def test_the_palette_and_the_navigation_lead_there(bobs: Client, base: str, deployment: Deployment) -> None:
    home = opened(bobs, base)
    assert 'href="/servers/"' in bobs.get("/services/").text
    found = bobs.get(reverse("explorer:find", args=[deployment.pk])).json()["items"]
    assert {"/servers/", home} <= {each["url"] for each in found}
    theirs = bobs.get(f"{home}find/").json()["items"]
    assert {f"{home}history/", f"{home}saved/", f"{home}bundle/"} <= {each["url"] for each in theirs}
    assert not any("tour" in each["url"] for each in theirs)


def test_a_private_address_is_refused_unless_the_operator_allows_it(
    bobs: Client, base: str, settings: Settings
) -> None:
    home = opened(bobs, base)
    settings.OUTBOUND_ALLOWED = []
    refused = bobs.post(reverse("servers:list"), {"base": "http://127.0.0.1:1/r4"})
    assert refused.status_code == 400
    assert "OUTBOUND_ALLOWED" in refused.text
    text = bobs.get(f"{home}Patient/", {".do": "search", ".run": "1"}).text
    assert "private address" in text
    assert "200 OK" not in text


def test_authorization_is_changed_and_taken_back_where_one_is(
    bobs: Client, base: str, deployment: Deployment
) -> None:
    _, key = create_api_key(deployment, name="For Bob", access=FULL, by=None)
    page = f"{opened(bobs, base)}Patient/?.do=search"
    assert "401 " in bobs.get(f"{page}&.run=1").text
    authorize = reverse("servers:authorize", args=[ForeignServer.objects.get().pk])
    asked = {"scheme": "header", "secret": key, "name": "All of it", "next": page}
    assert bobs.post(authorize, asked).headers["Location"] == page
    authorized = bobs.get(f"{page}&.run=1").text
    assert "200 OK" in authorized
    assert "All of it</strong>" in authorized
    for scheme in ("bearer", "basic", "header", "client"):
        assert f'<option value="{scheme}"' in authorized
    held = str(ServerCredential.objects.get().pk)
    for elsewhere in ("https://evil.example/", "//evil.example/", "/services/"):
        asked = {"held": "", "next": elsewhere}
        back = bobs.post(reverse("servers:use", args=[ForeignServer.objects.get().pk]), asked)
        assert back.headers["Location"] == page.partition("Patient")[0]
    assert "401 " in bobs.get(f"{page}&.run=1").text
    bobs.post(reverse("servers:forget-credential", args=[ForeignServer.objects.get().pk]), {"held": held})
    assert not ServerCredential.objects.exists()


def test_what_several_credentials_may_see_is_compared(
    bobs: Client, base: str, deployment: Deployment
) -> None:
    home = opened(bobs, base)
    authorize = reverse("servers:authorize", args=[ForeignServer.objects.get().pk])
    for name, access in (("Everything", FULL), ("No patients", chosen({"Observation": "rs"}))):
        _, key = create_api_key(deployment, name=name, access=access, by=None)
        bobs.post(authorize, {"scheme": "header", "secret": key, "name": name})
    assert [(each.name, each.active) for each in ServerCredential.objects.all()] == [
        ("Everything", False),
        ("No patients", True),
    ]
    compared = bobs.get(f"{home}Patient/", {".do": "search", ".compare": "1"}).text
    assert "The same request with 2 credentials" in compared
    assert '<th scope="row">Everything</th>' in compared
    assert "403" in compared.split('id="answer"')[1]
    first = str(ServerCredential.objects.get(name="Everything").pk)
    bobs.post(reverse("servers:use", args=[ForeignServer.objects.get().pk]), {"held": first})
    assert "200 OK" in bobs.get(f"{home}Patient/", {".do": "search", ".run": "1"}).text


def test_it_is_exported_for_other_tools_without_a_secret(
    bobs: Client, base: str, deployment: Deployment
) -> None:
    _, key = create_api_key(deployment, name="For Bob", access=FULL, by=None)
    home = opened(bobs, base, scheme="bearer", secret=key)
    openapi = bobs.get(f"{home}openapi.json?type=Patient")
    described = openapi.json()
    assert described["servers"] == [{"url": base}]
    assert described["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
    assert "/Patient/{id}" in described["paths"]
    postman = bobs.get(f"{home}postman.json?type=Patient")
    assert postman.json()["auth"]["bearer"][0]["value"] == "{{token}}"
    assert key not in openapi.text + postman.text
    assert f"{home}postman.json" in bobs.get(home).text


def test_a_write_says_why_it_has_no_dry_run_and_offers_validation(
    bobs: Client, base: str, deployment: Deployment
) -> None:
    _, key = create_api_key(deployment, name="For Bob", access=FULL, by=None)
    home = opened(bobs, base, scheme="header", secret=key)
    page = bobs.get(f"{home}Patient/?.do=create").text
    assert "No dry run: only Fireside" in page
    body = '{"resourceType": "Patient", "gender": "nobody"}'
    checked = bobs.post(f"{home}Patient/", {".do": "create", ".body": body, ".validate": "1"}).text
    assert "$validate" in checked
    assert "Patient.gender" in checked.split('id="answer"')[1]
    assert SentRequest.objects.get().operation == "$validate"


def test_a_server_is_shared_with_the_tenant_and_no_credential_with_anybody(
    bobs: Client, base: str, deployment: Deployment, alice: User, sign_in: SignIn
) -> None:
    _, key = create_api_key(deployment, name="For Bob", access=FULL, by=None)
    bob = User.objects.get(pk=bobs.session["_auth_user_id"])
    Membership.objects.filter(tenant=deployment.tenant, user=bob).update(role=Role.WRITE)
    home = opened(bobs, base, scheme="header", secret=key, name="Bobs own")
    server, alices = ForeignServer.objects.get(), sign_in(alice)
    assert alices.get(home).status_code == 404
    assert bobs.post(reverse("servers:share", args=[server.pk]), {"on": "1"}).status_code == 302
    shared = alices.get(f"{home}Patient/", {".do": "search", ".run": "1"}).text
    assert "401 " in shared
    assert "Bobs own" not in shared
    assert base in alices.get(reverse("servers:list")).text
    bobs.post(
        f"{home}saved/save/",
        {"sealed": sealed(bobs, f"{home}Patient/", do="search"), "name": "Everybody", "shared": "on"},
    )
    assert "Everybody" in alices.get(f"{home}saved/").text
    assert not SentRequest.objects.filter(user=alice).exclude(server=server).exists()
    refused = alices.post(reverse("servers:share", args=[server.pk]), follow=True)
    assert "Only who opened a server shares it" in refused.text
    alices.post(reverse("servers:forget", args=[server.pk]))
    assert ForeignServer.objects.exists()
    bobs.post(reverse("servers:share", args=[server.pk]))
    assert alices.get(home).status_code == 404
    assert ServerCredential.objects.get().user != alice


def test_what_is_no_fhir_server_is_said_to_be_none(bobs: Client, base: str, live_server: LiveServer) -> None:
    home = opened(bobs, f"{live_server.url}/docs")
    assert "This server cannot be explored" in bobs.get(home).text


def test_a_server_is_its_openers_alone(bobs: Client, base: str, alice: User, sign_in: SignIn) -> None:
    home = opened(bobs, base)
    server = ForeignServer.objects.get()
    alices = sign_in(alice)
    assert alices.get(home).status_code == 404
    assert alices.get(f"{home}Patient/").status_code == 404
    assert alices.post(reverse("servers:forget", args=[server.pk])).status_code == 404
    assert Client().get(home).status_code == 302
    bobs.post(reverse("servers:forget", args=[server.pk]))
    assert not ForeignServer.objects.exists()


def test_a_secret_is_never_stored_or_shown_as_it_is(bobs: Client, base: str) -> None:
    home = opened(bobs, base, scheme="basic", secret="anna:sesame-opens")
    assert "sesame-opens" not in ServerCredential.objects.get().sealed
    text = bobs.get(f"{home}Patient/", {".do": "search", ".preview": "1"}).text
    assert "$FHIR_BASIC" in html.unescape(text)
    assert "sesame-opens" not in text + bobs.get(reverse("servers:list")).text
