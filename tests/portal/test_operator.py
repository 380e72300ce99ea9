"""The operator's page."""

import pytest
from django.test import Client

from portal.models import Tenant, User
from tests.portal.conftest import SignIn


@pytest.mark.django_db
def test_only_operators_find_it(client: Client, tenant: Tenant, alice: User, sign_in: SignIn) -> None:
    assert client.get("/operator/").status_code == 302
    assert sign_in(alice).get("/operator/").status_code == 404


def test_it_shows_every_tenant_and_what_apps_register(tenant: Tenant, charlie: User, sign_in: SignIn) -> None:
    User.objects.filter(pk=charlie.pk).update(is_staff=True)
    text = sign_in(charlie).get("/operator/").content.decode()
    assert "Acme Health" in text
    assert "Regions" in text
    assert "Acme Health" not in sign_in(charlie).get("/operator/?q=norra").content.decode()
