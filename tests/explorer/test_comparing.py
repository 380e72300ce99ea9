"""The same request with several credentials: side by side, and what only some of them see."""

import html

import pytest
from django.test import Client
from django.urls import reverse
from joserfc.jwk import RSAKey

from credentials.access import Access, AccessKind
from credentials.models import ApplicationKind
from credentials.services import create_api_key
from deployments.models import Deployment
from explorer.models import SentRequest
from portal.models import User
from smart.applications import Registration, create_application
from smart.servers import integrated_server
from tests.explorer.test_execution import create, page_of

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def narrow(deployment: Deployment, alice: User) -> str:
    """A key that may only read Observations."""
    access = Access(AccessKind.CHOSEN, {"Observation": "rs"})
    return create_api_key(deployment, name="Narrow", access=access, by=alice)[1]


def test_one_credential_has_nothing_to_compare_with(explorer: Client, deployment: Deployment) -> None:
    text = explorer.get(page_of(deployment), {".do": "search", ".compare": "1"}).text
    assert "Authorize with a second credential" in text


def test_each_is_shown_with_its_own_answer(explorer: Client, deployment: Deployment, narrow: str) -> None:
    logical_id = create(explorer, deployment)
    explorer.post(reverse("explorer:authorize", args=[deployment.pk]), {"credential": narrow})
    sent = SentRequest.objects.count()
    text = html.unescape(
        explorer.get(page_of(deployment), {".do": "search", "gender": "male", ".compare": "1"}).text
    )
    assert "The same request with 2 credentials" in text
    assert '<span class="badge badge-good">200</span>' in text
    assert '<span class="badge badge-warn">403</span>' in text
    assert f"<code>Patient/{logical_id}</code>" in text
    assert narrow not in text
    assert SentRequest.objects.count() == sent


def test_a_write_is_never_sent_to_compare(explorer: Client, deployment: Deployment, narrow: str) -> None:
    explorer.post(reverse("explorer:authorize", args=[deployment.pk]), {"credential": narrow})
    text = explorer.post(page_of(deployment), {".do": "delete", ".id": "1", ".compare": "1"}).text
    assert "Compared" not in text


def test_a_token_has_the_chosen_scopes_alone_and_is_shown_decoded(
    explorer: Client, deployment: Deployment, alice: User
) -> None:
    public = RSAKey.generate_key(2048, parameters={"kid": "k"}).as_dict(private=False)
    asked = Registration(
        "Nightly",
        ApplicationKind.BACKEND,
        jwks={"keys": [public]},
        allowed_scopes="system/Patient.rs system/Observation.rs",
    )
    application = create_application(integrated_server(deployment), asked, by=alice)[0]
    chosen = {"hold": "1", "scope": ["system/Observation.rs", "system/*.cruds"]}
    explorer.post(reverse("oauth:try", args=[deployment.pk, application.pk]), chosen)
    text = html.unescape(explorer.get(page_of(deployment)).text)
    assert "Access token · system/Observation.rs · " in text
    assert "left</span>" in text
    assert "client_id" in text[text.index("Decoded") :]
    found = explorer.get(page_of(deployment), {".do": "search", ".run": "1"}).text
    assert "403 Forbidden" in found
