"""Execute sends the real request through the door, and the page shows what came of it."""

import html
import json
import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from joserfc.jwk import RSAKey

from credentials.models import ApiKey, ApplicationKind
from credentials.services import revoke_api_key
from deployments.models import Deployment
from explorer.definitions import example_text
from explorer.models import SentRequest, TourStep
from portal.models import User
from smart.applications import Registration, create_application
from smart.servers import integrated_server
from tests.explorer.conftest import SignIn

pytestmark = pytest.mark.django_db(databases="__all__")
PATIENT = json.dumps({"resourceType": "Patient", "gender": "male", "name": [{"family": "O'Neil"}]})


def page_of(deployment: Deployment, resource_type: str = "Patient") -> str:
    return reverse("explorer:resource", args=[deployment.pk, resource_type])


def create(client: Client, deployment: Deployment, body: str = PATIENT) -> str:
    """The id of a Patient created with the form."""
    text = client.post(page_of(deployment), {".do": "create", ".body": body, ".run": "1"}).text
    assert "201 Created" in text
    found = re.search(r"\.do=read&amp;\.id=([\w-]+)", text)
    assert found, "the answer leads to what was made"
    return found.group(1)


def test_a_created_resource_is_shown_and_can_be_opened(explorer: Client, deployment: Deployment) -> None:
    logical_id = create(explorer, deployment)
    text = explorer.get(page_of(deployment), {".do": "read", ".id": logical_id, ".run": "1"}).text
    assert "200 OK" in text
    assert f'"{logical_id}"' in html.unescape(text)
    assert "O&#x27;Neil" in text or "O'Neil" in text


def test_a_search_shows_a_table_whose_entries_open(explorer: Client, deployment: Deployment) -> None:
    logical_id = create(explorer, deployment)
    text = explorer.get(page_of(deployment), {".do": "search", "gender": "male", ".run": "1"}).text
    assert f".do=read&amp;.id={logical_id}&amp;.run=1" in text
    assert "O&#x27;Neil" in text


def test_without_a_credential_the_refusal_says_what_to_do(
    deployment: Deployment, bob: User, sign_in: SignIn
) -> None:
    text = sign_in(bob).get(page_of(deployment), {".do": "search", "gender": "male", ".run": "1"}).text
    assert "401 Unauthorized" in text
    assert "No credential was sent" in text


def test_logout_is_followed_by_a_refusal(explorer: Client, deployment: Deployment) -> None:
    create(explorer, deployment)
    explorer.post(reverse("explorer:forget", args=[deployment.pk]))
    text = explorer.get(page_of(deployment), {".do": "search", "gender": "male", ".run": "1"}).text
    assert "401 Unauthorized" in text


def test_a_revoked_key_is_said_to_be_so(explorer: Client, deployment: Deployment, alice: User) -> None:
    revoke_api_key(ApiKey.objects.get(deployment=deployment), by=alice)
    text = explorer.get(page_of(deployment), {".do": "search", ".run": "1"}).text
    assert "401 Unauthorized" in text
    assert "revoked or expired" in text


def test_a_preview_sends_nothing(explorer: Client, deployment: Deployment) -> None:
    text = explorer.post(page_of(deployment), {".do": "create", ".body": PATIENT, ".preview": "1"}).text
    assert "Not sent" in text
    assert not SentRequest.objects.exists()


def test_a_visit_never_writes(explorer: Client, deployment: Deployment) -> None:
    """A link that says "run" executes only what changes nothing."""
    explorer.get(page_of(deployment), {".do": "create", ".body": PATIENT, ".run": "1"})
    explorer.get(page_of(deployment), {".do": "delete", ".id": "1", ".run": "1"})
    assert not SentRequest.objects.exists()


def test_writing_needs_the_form_token(deployment: Deployment, alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    answer = client.post(page_of(deployment), {".do": "create", ".body": PATIENT, ".run": "1"})
    assert answer.status_code == 403


def test_the_secret_is_nowhere_in_the_page(explorer: Client, deployment: Deployment, api_key: str) -> None:
    create(explorer, deployment)
    for url in (page_of(deployment), f"{page_of(deployment)}?.do=search&.run=1&gender=male"):
        answer = explorer.get(url)
        assert api_key not in answer.text
        assert "$FHIR_API_KEY" in answer.text or ".run" not in url
        assert api_key not in str(answer.headers)
    assert api_key not in "".join(cookie.value for cookie in explorer.cookies.values())


def test_the_secret_is_encrypted_in_the_session(
    explorer: Client, deployment: Deployment, api_key: str
) -> None:
    (session,) = Session.objects.all()
    assert api_key not in json.dumps(session.get_decoded())
    assert api_key not in session.session_data


def test_history_keeps_what_was_sent_encrypted_and_for_its_sender(
    explorer: Client, deployment: Deployment, bob: User, sign_in: SignIn
) -> None:
    create(explorer, deployment)
    (sent,) = SentRequest.objects.all()
    assert "O'Neil" not in sent.sealed
    replay = reverse("explorer:replay", args=[deployment.pk, sent.pk])
    assert "O&#x27;Neil" in explorer.get(replay).text
    assert sign_in(bob).get(replay).status_code == 404


def test_the_tour_ticks_what_the_server_saw(explorer: Client, deployment: Deployment) -> None:
    explorer.get(page_of(deployment))
    create(explorer, deployment)
    explorer.get(page_of(deployment), {".do": "search", "gender": "male", ".run": "1"})
    seen = set(TourStep.objects.values_list("step", flat=True))
    assert seen == {"opened", "authorized", "created", "searched"}


def test_a_download_has_the_whole_body(explorer: Client, deployment: Deployment) -> None:
    logical_id = create(explorer, deployment)
    url = reverse("explorer:download", args=[deployment.pk, "Patient"])
    answer = explorer.get(url, {".do": "read", ".id": logical_id})
    assert answer["Content-Disposition"].startswith("attachment")
    assert json.loads(answer.getvalue())["id"] == logical_id
    assert explorer.get(url, {".do": "create"}).status_code == 404


def test_htmx_gets_the_answer_alone_and_the_address_of_the_draft(
    explorer: Client, deployment: Deployment
) -> None:
    answer = explorer.get(
        page_of(deployment),
        {".do": "search", "gender": "male", ".m:gender": "", "name": "", ".run": "1"},
        headers={"HX-Request": "true"},
    )
    assert answer.text.lstrip().startswith('<section id="answer"')
    assert answer["HX-Push-Url"] == f"{page_of(deployment)}?.do=search&.run=1&gender=male"


def test_an_address_full_of_empty_fields_is_tidied(explorer: Client, deployment: Deployment) -> None:
    answer = explorer.get(
        page_of(deployment), {".do": "search", "birthdate": "1980", ".x:birthdate": "ge", "name": ""}
    )
    assert answer.status_code == 302
    assert answer["Location"] == f"{page_of(deployment)}?.do=search&birthdate=ge1980"


def test_a_broken_body_is_not_sent(explorer: Client, deployment: Deployment) -> None:
    text = explorer.post(page_of(deployment), {".do": "create", ".body": "{nope", ".run": "1"}).text
    assert "Not JSON" in text
    assert not SentRequest.objects.exists()


def test_an_invalid_resource_is_explained(explorer: Client, deployment: Deployment) -> None:
    body = json.dumps({"resourceType": "Patient", "gender": "nobody", "nonsense": 1})
    text = explorer.post(page_of(deployment), {".do": "create", ".body": body, ".run": "1"}).text
    assert "issue-error" in text
    assert "Patient.gender" in text


def test_a_pasted_curl_line_fills_the_form(explorer: Client, deployment: Deployment) -> None:
    paste = reverse("explorer:paste", args=[deployment.pk])
    answer = explorer.post(paste, {"request": "curl -H 'x-api-key: k' http://x/fhir/y/r4/Patient?name=Eve"})
    assert answer["Location"] == f"{page_of(deployment)}?.do=search&name=Eve"
    body = explorer.post(paste, {"request": f"curl -X POST http://x/Patient -d {json.dumps(PATIENT)!r}"})
    assert body.status_code in (200, 302)


@pytest.mark.parametrize("pasted", ["", "fsk_wrong_key", "two words", "ü" * 5])
def test_what_is_no_key_of_this_deployment_is_refused(
    pasted: str, deployment: Deployment, alice: User, sign_in: SignIn
) -> None:
    client = sign_in(alice)
    client.post(reverse("explorer:authorize", args=[deployment.pk]), {"credential": pasted})
    assert f"explorer:{deployment.pk}" not in client.session


def test_the_example_of_patient_is_the_one_of_the_tour() -> None:
    assert json.loads(example_text("Patient", ""))["gender"] == "male"


def test_a_token_of_an_application_is_held_after_its_sign_in(
    explorer: Client, deployment: Deployment, alice: User
) -> None:
    logical_id = create(explorer, deployment)
    server = integrated_server(deployment)
    public = RSAKey.generate_key(2048, parameters={"kid": "k"}).as_dict(private=False)
    asked = Registration(
        "Bulk Loader", ApplicationKind.BACKEND, jwks={"keys": [public]}, allowed_scopes="system/*.rs"
    )
    application = create_application(server, asked, by=None)[0]
    assert "Sign in with Bulk Loader" in explorer.get(page_of(deployment)).text
    answer = explorer.post(reverse("oauth:try", args=[deployment.pk, application.pk]), {"hold": "1"})
    assert answer["Location"] == reverse("explorer:index", args=[deployment.pk])
    read = {".do": "read", ".id": logical_id, ".run": "1"}
    text = explorer.get(page_of(deployment), read).text
    assert "200 OK" in text
    assert "Authorization: Bearer $FHIR_TOKEN" in html.unescape(re.sub("<[^>]+>", "", text))
    refused = explorer.post(page_of(deployment), {".do": "create", ".body": PATIENT, ".run": "1"}).text
    assert "403 Forbidden" in refused
