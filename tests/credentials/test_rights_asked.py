"""The rights asked for a key: types that exist, and only fewer than it has."""

import pytest
from django.test import Client
from django.urls import reverse

from credentials.access import READ_ONLY
from credentials.models import ApiKey
from credentials.services import create_api_key
from deployments.models import Deployment
from portal.models import AuditEvent, Role, User
from portal.services.tokens import create_token


@pytest.fixture
def api_key(deployment: Deployment, alice: User) -> ApiKey:
    return create_api_key(deployment, name="Lab", access=READ_ONLY, by=alice)[0]


@pytest.fixture
def bearer(alice: User) -> dict[str, str]:
    _, secret = create_token(alice, "script", Role.OWNER, tenant=None, expires=None)
    return {"Authorization": f"Bearer {secret}"}


@pytest.mark.parametrize(
    ("typed", "meant"), [("Patinet.rs", "Patient"), ("patient.rs", "Patient"), ("ServiceReqest.r", "ServiceRequest")]
)  # fmt: skip
def test_a_misspelt_type_is_refused_and_the_meant_one_named(
    client: Client, deployment: Deployment, alice: User, typed: str, meant: str
) -> None:
    client.force_login(alice)
    asked = {"name": "Lab", "access": "chosen", "permissions": typed, "lifetime": "90"}
    refused = client.post(reverse("credentials:new", args=[deployment.pk]), asked)
    assert refused.status_code == 422
    assert f"Did you mean {meant}?" in refused.context["form"].errors["permissions"][0]
    assert typed in refused.content.decode()
    assert not ApiKey.objects.exists()


def test_the_management_api_refuses_a_type_that_there_is_not(
    client: Client, deployment: Deployment, bearer: dict[str, str]
) -> None:
    refused = client.post(
        f"/api/v1/deployments/{deployment.pk}/api-keys/",
        {"name": "Lab", "access": {"kind": "chosen", "types": {"Qwertz": "r"}}},
        content_type="application/json",
        headers=bearer,
    )
    assert (refused.status_code, "“Qwertz” is not a resource type" in refused.content.decode()) == (400, True)


def test_narrowing_to_the_same_rights_says_that_nothing_changed(
    client: Client, deployment: Deployment, api_key: ApiKey, alice: User
) -> None:
    client.force_login(alice)
    page = client.post(
        reverse("credentials:key", args=[deployment.pk, api_key.public_id]),
        {"access": "read-only"},
        follow=True,
    )
    assert "nothing was changed" in page.content.decode()
    assert not AuditEvent.objects.filter(action="api_key.narrowed").exists()


def test_a_refused_change_by_the_management_api_leaves_the_whole_key_as_it_was(
    client: Client, deployment: Deployment, api_key: ApiKey, bearer: dict[str, str]
) -> None:
    refused = client.patch(
        f"/api/v1/deployments/{deployment.pk}/api-keys/{api_key.public_id}/",
        {"access": {"kind": "full"}, "requests_per_second": 3, "networks": ["203.0.113.0/24"]},
        content_type="application/json",
        headers=bearer,
    )
    assert refused.status_code == 409
    api_key.refresh_from_db()
    assert (api_key.requests_per_second, api_key.networks) == (None, [])
    assert not AuditEvent.objects.filter(action__in=("api_key.limited", "api_key.restricted")).exists()


def test_a_right_that_a_key_does_not_have_is_refused_with_those_that_it_has(
    client: Client, deployment: Deployment, api_key: ApiKey, alice: User
) -> None:
    client.force_login(alice)
    page = reverse("credentials:key", args=[deployment.pk, api_key.public_id])
    refused = client.post(page, {"access": "full"})
    assert refused.status_code == 422
    assert "those that it has are: Read only." in refused.content.decode()
