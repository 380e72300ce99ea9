"""The settings of a deployment: what is refused is named at its place, and the other pages show what holds."""

import pytest
from django.test import Client

from deployments.models import Deployment
from portal.models import User


@pytest.fixture
def alice_there(client: Client, alice: User) -> Client:
    client.force_login(alice)
    return client


@pytest.mark.parametrize(
    "origin",
    ["https://app.example:99999", "https://app.example:0", "https://[oops", "https://app.example:x", "https://:80"],
)  # fmt: skip
def test_what_no_browser_sends_as_its_origin_is_refused(
    alice_there: Client, deployment: Deployment, origin: str
) -> None:
    refused = alice_there.post(f"/deployments/{deployment.pk}/access/", {"allowed_origins": origin})
    assert refused.status_code == 400
    assert "is not an origin" in refused.context["access_form"].errors["allowed_origins"][0]
    assert origin in refused.content.decode()


@pytest.mark.parametrize(("below", "sent"), [("access/", {"allowed_origins": "x"}), ("limits/", {"largest_body": "x"}),
                                             ("delete/", {"name": "x"})])  # fmt: skip
def test_a_refused_setting_stays_on_the_tab_of_the_settings(
    alice_there: Client, deployment: Deployment, below: str, sent: dict[str, str]
) -> None:
    page = alice_there.post(f"/deployments/{deployment.pk}/{below}", sent).content.decode()
    tab = page.split('aria-current="page">')
    assert any(part.startswith("Settings") for part in tab)


def test_the_overview_shows_the_limit_that_holds(alice_there: Client, deployment: Deployment) -> None:
    path = f"/deployments/{deployment.pk}/"
    assert "50 a second" in alice_there.get(path).content.decode()
    Deployment.objects.update(requests_per_second=7)
    shown = alice_there.get(path).content.decode()
    assert "7 a second" in shown
    assert "the size allows 50" in shown
