"""A connected server on its deployment's pages: whether it answers, and changing the credential for it."""

import json
from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings

from deployments import job_runner
from deployments.models import Deployment, Region, State
from deployments.regions import synchronise_regions
from deployments.services import create_deployment
from deployments.upstream import ask_upstream
from deployments.upstream_credentials import describe, header_of, seal_header
from portal.models import AuditEvent, Tenant, User
from portal.subscriptions import subscribe
from tests.scripted_server import Says, Scripted, scripted_server

pytestmark = pytest.mark.django_db
STATEMENT = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "software": {"name": "HAPI FHIR Server", "version": "6.10"},
}


@pytest.fixture
def upstream() -> Iterator[Scripted]:
    with scripted_server() as server:
        server.says["metadata"] = Says(json.dumps(STATEMENT).encode())
        yield server


@pytest.fixture
def connected(tenant: Tenant, upstream: Scripted, settings: Settings) -> Deployment:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    synchronise_regions()
    return Deployment.objects.create(
        tenant=tenant,
        name="Connected",
        size="xs",
        region=Region.objects.get(name="local"),
        state=State.RUNNING,
        upstream=upstream.base,
        upstream_credential=seal_header("x-api-key: old-secret"),
    )


@pytest.fixture
def page(client: Client, alice: User, connected: Deployment) -> Client:
    client.force_login(alice)
    return client


def test_the_overview_says_how_the_server_is_once_it_was_asked(page: Client, connected: Deployment) -> None:
    overview = f"/deployments/{connected.pk}/"
    assert "Not asked yet" in page.get(overview).text
    assert page.get(f"{overview}upstream/").headers["Location"] == overview
    text = page.get(overview).text
    for words in (
        "HAPI FHIR Server 6.10, FHIR 4.0.1",
        "answers</span>",
        "Header x-api-key",
        "confined to a patient",
    ):
        assert words in text, words
    assert "old-secret" not in text
    assert "Stored resources" not in text


def test_a_server_that_does_not_answer_is_said_to_be_down_and_what_was_known_is_kept(
    page: Client, connected: Deployment, upstream: Scripted
) -> None:
    part = f"/deployments/{connected.pk}/upstream/?again=1"
    page.get(part, headers={"HX-Request": "true"})
    upstream.says["metadata"] = Says(b"<html>", 503, "text/html")
    Deployment.objects.update(
        upstream_facts={**Deployment.objects.get().upstream_facts, "checked": "2020-01-01T00:00:00+00:00"}
    )
    text = page.get(part, headers={"HX-Request": "true"}).text
    assert "not answering as it should" in text
    assert "answered 503" in text
    assert "HAPI FHIR Server 6.10" in text


@pytest.mark.parametrize(
    ("fields", "header", "told"),
    [
        ({"upstream_scheme": "none"}, {}, "No authorization"),
        ({"upstream_scheme": "header", "upstream_credential": "Authorization: Bearer new-secret"},
         {"authorization": "Bearer new-secret"}, "Header Authorization (bearer token)"),
        ({"upstream_scheme": "basic", "upstream_user": "anna", "upstream_password": "new-secret"},
         {"authorization": "Basic YW5uYTpuZXctc2VjcmV0"}, "User name and password (basic)"),
        ({"upstream_scheme": "client", "upstream_client_id": "us", "upstream_client_secret": "new-secret"},
         {"authorization": "Bearer granted"}, "Client credentials of us"),
    ],
)  # fmt: skip
def test_the_credential_is_changed_in_settings(
    page: Client,
    connected: Deployment,
    upstream: Scripted,
    fields: dict[str, str],
    header: dict[str, str],
    told: str,
) -> None:
    smart = {"token_endpoint": f"{upstream.base}/token"}
    upstream.says[".well-known/smart-configuration"] = Says(json.dumps(smart).encode())
    upstream.says["token"] = Says(b'{"access_token":"granted","expires_in":60}')
    settings_page = f"/deployments/{connected.pk}/settings/"
    saved = page.post(f"/deployments/{connected.pk}/upstream/credential/", fields, follow=True)
    assert "the server answers with it" in saved.text
    sealed = Deployment.objects.get().upstream_credential
    assert header_of(sealed) == header
    assert describe(sealed).startswith(told)
    assert upstream.last.headers.items() >= header.items()
    text = page.get(settings_page).text
    assert told in text
    assert "new-secret" not in text + sealed + str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize(
    "fields",
    [
        {"upstream_credential": "no header"},
        {"upstream_scheme": "basic"},
        {"upstream_scheme": "client", "upstream_client_id": "us"},
        {"upstream_scheme": "client", "upstream_client_id": "us", "upstream_client_secret": "s"},
        {"upstream_scheme": "client", "upstream_client_id": "us", "upstream_client_secret": "s",
         "upstream_token_url": "http://10.0.0.1/token"},
        {"upstream_scheme": "other"},
    ],
)  # fmt: skip
def test_a_credential_that_cannot_be_one_is_refused_and_the_old_one_kept(
    page: Client, connected: Deployment, fields: dict[str, str]
) -> None:
    refused = page.post(f"/deployments/{connected.pk}/upstream/credential/", fields)
    assert refused.status_code == 400
    assert header_of(Deployment.objects.get().upstream_credential) == {"x-api-key": "old-secret"}


def test_a_credential_that_the_server_refuses_is_saved_with_a_warning(
    page: Client, connected: Deployment, upstream: Scripted
) -> None:
    upstream.says["metadata"] = Says(b"", 401)
    asked = {"upstream_credential": "x-api-key: wrong"}
    saved = page.post(f"/deployments/{connected.pk}/upstream/credential/", asked, follow=True)
    assert "refused the credential" in saved.text


def test_an_embedded_deployment_has_no_connection(page: Client, connected: Deployment) -> None:
    Deployment.objects.update(upstream="")
    refused = page.post(f"/deployments/{connected.pk}/upstream/credential/", {}, follow=True)
    assert "connects no server" in refused.text
    assert page.get(f"/deployments/{connected.pk}/upstream/").status_code == 302
    assert "Connected server" not in page.get(f"/deployments/{connected.pk}/settings/").text


@pytest.mark.parametrize(
    "says",
    [
        Says(b"", 401), Says(b"", 403), Says(b"x", 500), Says(b"<html>", media_type="text/html"), Says(b"[" * 99_999),
        Says(b'{"resourceType":"Patient"}'), Says(b"\xff\xfe"), Says(b'<!DOCTYPE a [<!ENTITY b "c">]><CapabilityStatement/>'),
        Says(b"", 302, headers={"Location": "http://169.254.169.254/"}), Says(b"{", cut=True),
    ],
)  # fmt: skip
def test_whatever_metadata_answers_is_a_problem_in_words(
    upstream: Scripted, settings: Settings, says: Says
) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    upstream.says["metadata"] = says
    health = ask_upstream(upstream.base, "")
    assert health.problem
    assert health.checked


def test_a_server_that_cannot_be_read_is_not_connected_and_the_job_says_why(
    tenant: Tenant, alice: User, upstream: Scripted, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    synchronise_regions()
    subscribe(tenant, actor=alice)
    upstream.says["metadata"] = Says(b"<html>login</html>", media_type="text/html")
    made = create_deployment(
        tenant=tenant,
        by=alice,
        name="Ours",
        region=Region.objects.get(name="local"),
        size="xs",
        upstream=upstream.base,
    )
    job_runner.run(made.jobs.get().pk)
    made.refresh_from_db()
    assert made.state == State.FAILED
    assert "no CapabilityStatement" in made.state_reason
