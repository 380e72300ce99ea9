"""Revoking shows who would notice; several keys go together or not at all."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from credentials import services
from credentials.access import FULL
from credentials.models import ApiKey
from deployments.models import Deployment
from portal.models import User


@pytest.fixture
def keys(deployment: Deployment, alice: User) -> list[ApiKey]:
    return [
        services.create_api_key(deployment, name=name, access=FULL, by=alice)[0] for name in ("Lab", "Ward")
    ]


def use(api_key: ApiKey, minutes: int, address: str) -> None:
    """As if the key's oldest secret had been used so long ago."""
    secret = api_key.secrets.last()
    assert secret is not None
    services.record_use([(secret.pk, timezone.now() - timedelta(minutes=minutes), address)])


def live(deployment: Deployment) -> set[str]:
    return set(deployment.api_keys.filter(revoked=None).values_list("name", flat=True))


def test_the_page_says_when_and_from_where_the_old_secret_was_used(
    keys: list[ApiKey], deployment: Deployment, alice: User, client: Client
) -> None:
    services.rotate_api_key(keys[0], overlap=timedelta(days=1), by=alice)
    use(keys[0], 3, "203.0.113.9")
    client.force_login(alice)
    page = client.get(reverse("credentials:key", args=[deployment.pk, keys[0].public_id])).content.decode()
    assert "The old secret was last used" in page
    assert "3 minutes ago" in page
    assert "from 203.0.113.9. Whoever still sends it will be refused." in page


def test_revoking_warns_of_keys_in_use(
    keys: list[ApiKey], deployment: Deployment, alice: User, client: Client
) -> None:
    use(keys[0], 3, "2001:db8::7")
    client.force_login(alice)
    address = reverse("credentials:revoke-many", args=[deployment.pk])
    page = client.get(address, {"key": [key.public_id for key in keys]}).content.decode()
    assert page.count("In use:") == 1
    assert "2001:db8::7" in page
    assert "Never used." in page
    assert live(deployment) == {"Lab", "Ward"}
    client.post(address, {"key": [key.public_id for key in keys]})
    assert live(deployment) == set()


def test_one_foreign_key_among_them_stops_all(
    keys: list[ApiKey], deployment: Deployment, alice: User
) -> None:
    with pytest.raises(ValidationError, match="abcdefghijkl"):
        services.revoke_api_keys(deployment, [keys[0].public_id, "abcdefghijkl"], by=alice)
    assert live(deployment) == {"Lab", "Ward"}


def test_a_line_that_is_no_network_is_named_on_the_page(
    keys: list[ApiKey], deployment: Deployment, alice: User, client: Client
) -> None:
    client.force_login(alice)
    address = reverse("credentials:networks", args=[deployment.pk, keys[0].public_id])
    wrong = client.post(address, {"networks": "10.0.0.0/8\nexample.org"})
    assert wrong.status_code == 422
    assert "“example.org” is not a network" in wrong.content.decode()
    client.post(address, {"networks": "10.0.0.0/8\n2001:db8::1"})
    keys[0].refresh_from_db()
    assert keys[0].networks == ["10.0.0.0/8", "2001:db8::1/128"]
