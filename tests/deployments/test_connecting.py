"""Connecting an existing FHIR server with the wizard."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import Settings

from deployments.forms import OptionsForm
from deployments.models import Deployment
from deployments.upstream import check_upstream
from deployments.upstream_credentials import seal_header
from portal.models import Tenant, User
from portal.secrets import decrypt
from portal.subscriptions import start_trial

CONNECTED = {
    "service": "connected",
    "size": "xs",
    "preset": "",
    "upstream": "http://127.0.0.1:9/r4/",
    "upstream_credential": "x-api-key: very-secret",
}


def test_a_private_address_is_refused_unless_the_operator_allows_it(settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED = []
    with pytest.raises(ValidationError, match="private address"):
        check_upstream("http://127.0.0.1:9/r4")
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    assert check_upstream("http://127.0.0.1:9/r4/ ") == "http://127.0.0.1:9/r4"


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1/r4", "file:///etc/passwd", "http://a:b@127.0.0.1/r4", "r4", "http://127.0.0.1/r4?x=1"],
)
def test_what_is_no_base_url_is_refused(url: str, settings: Settings) -> None:
    settings.OUTBOUND_ALLOWED = ["*"]
    with pytest.raises(ValidationError):
        check_upstream(url)


@pytest.mark.parametrize("header", ["no header", "Host: evil", "a: b\r\nc: d", ": x", "Content-Length: 5"])
def test_what_is_no_credential_header_is_refused(header: str) -> None:
    with pytest.raises(ValidationError):
        seal_header(header)


def test_the_wizard_connects_a_server_and_never_holds_its_credential_in_clear(
    client: Client, tenant: Tenant, alice: User, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    start_trial(tenant, actor=alice)
    client.force_login(alice)
    assert client.post("/deployments/new/options/", CONNECTED).status_code == 302
    assert "very-secret" not in str(dict(client.session))
    client.post("/deployments/new/cloud/", {"region": "local"})
    client.post("/deployments/new/name/", {"name": "Ours", "service_level": "test"})
    review = client.get("/deployments/new/review/").content.decode()
    assert "http://127.0.0.1:9/r4" in review
    assert "very-secret" not in review
    client.post("/deployments/new/review/")
    deployment = Deployment.objects.get()
    assert (deployment.upstream, deployment.preloaded_data) == ("http://127.0.0.1:9/r4", "")
    assert decrypt(deployment.upstream_credential) == "x-api-key: very-secret"


@pytest.mark.parametrize(
    "change", [{"upstream": ""}, {"upstream": "nonsense"}, {"upstream_credential": "nonsense"}]
)
def test_the_wizard_says_what_is_wrong(
    change: dict[str, str], client: Client, tenant: Tenant, alice: User, settings: Settings
) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    start_trial(tenant, actor=alice)
    client.force_login(alice)
    refused = client.post("/deployments/new/options/", CONNECTED | change)
    assert refused.status_code == 400
    assert 'role="alert"' in refused.content.decode()


def test_the_embedded_service_takes_no_upstream(client: Client, tenant: Tenant, alice: User) -> None:
    start_trial(tenant, actor=alice)
    form = OptionsForm(CONNECTED | {"service": "embedded"}, tenant=tenant)
    assert form.is_valid()
    assert (form.cleaned_data["upstream"], form.cleaned_data["upstream_credential"]) == ("", "")
