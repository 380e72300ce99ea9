"""What an operator can switch off for the whole installation."""

import re

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client

from deployments.models import Deployment, Region
from deployments.services import create_deployment
from portal.features import FEATURES, switch_features
from portal.models import AuditEvent, Role, Tenant, User
from portal.services.members import create_invitation
from portal.subscriptions import SubscriptionRefused, start_trial, subscribe
from tests.portal.conftest import SignIn

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def operator(charlie: User) -> User:
    charlie.is_staff = True
    charlie.save()
    return charlie


def signed_up(client: Client, email: str, link: str = "") -> bool:
    fields = {"name": "Dora", "email": email, "password1": "a-harbour-at-night", "next": link}
    client.post("/accounts/signup/", fields)
    return User.objects.filter(email=email).exists()


def test_the_page_switches_and_writes_it_down(
    operator: User, tenant: Tenant, alice: User, sign_in: SignIn
) -> None:
    page = "/operator/features/"
    assert sign_in(alice).get(page).status_code == 404
    assert sign_in(alice).post(page).status_code == 404
    client = sign_in(operator)
    assert client.get(page).content.decode().count(" checked") == len(FEATURES)
    client.post(page, {"on": ["sign-up", "connected-servers"]})
    assert client.get(page).content.decode().count(" checked") == len(FEATURES) - 1
    events = AuditEvent.objects.filter(action="operator.feature_switched")
    assert [(event.target, event.after) for event in events] == [("Trials", {"on": False})]


def test_without_sign_up_only_invited_people_make_an_account(
    operator: User, tenant: Tenant, alice: User, client: Client
) -> None:
    switch_features([], actor=operator)
    create_invitation(tenant, "dora@example.org", Role.READ, actor=tenant.memberships.get(user=alice))
    found = re.search(r"/invitations/[\w-]+/", str(mail.outbox[-1].body))
    assert found
    assert "Ask an administrator of your team" in client.get("/accounts/signup/").content.decode()
    assert "Password" in client.get(f"/accounts/signup/?next={found[0]}").content.decode()
    assert not signed_up(Client(), "dora@example.org")
    assert not signed_up(Client(), "emil@example.org", found[0])
    assert signed_up(Client(), "dora@example.org", found[0])
    switch_features(["sign-up"], actor=operator)
    assert signed_up(Client(), "emil@example.org")


def test_without_sign_up_no_page_leads_to_it(
    operator: User, tenant: Tenant, alice: User, client: Client
) -> None:
    pages = ("/", "/accounts/login/")
    assert all("/accounts/signup/" in client.get(page).content.decode() for page in pages)
    switch_features([], actor=operator)
    assert not any("/accounts/signup/" in client.get(page).content.decode() for page in pages)
    create_invitation(tenant, "dora@example.org", Role.READ, actor=tenant.memberships.get(user=alice))
    found = re.search(r"/invitations/[\w-]+/", str(mail.outbox[-1].body))
    assert found
    assert "/accounts/signup/" in client.get(f"/accounts/login/?next={found[0]}").content.decode()


def test_without_trials_a_tenant_subscribes(
    operator: User, tenant: Tenant, alice: User, sign_in: SignIn
) -> None:
    assert "Start trial" in sign_in(alice).get("/services/").content.decode()
    switch_features([], actor=operator)
    assert "Start trial" not in sign_in(alice).get("/services/").content.decode()
    with pytest.raises(SubscriptionRefused, match="no trial"):
        start_trial(tenant, actor=alice)
    subscribe(tenant, actor=alice, service="fhir-server")


def test_without_connected_servers_new_deployments_are_embedded(
    operator: User, tenant: Tenant, alice: User, sign_in: SignIn
) -> None:
    subscribe(tenant, actor=alice, service="fhir-server")
    options = "/deployments/new/options/"
    assert "Connect an existing" in sign_in(alice).get(options).content.decode()
    switch_features([], actor=operator)
    page = sign_in(alice).get(options).content.decode()
    assert "Connect an existing" not in page
    assert "Base URL" not in page
    asked = {"service": "connected", "upstream": "https://fhir.example/r4", "size": "xs"}
    assert "connects no other servers" in sign_in(alice).post(options, asked).content.decode()
    region = Region.objects.get(name="local")
    with pytest.raises(ValidationError, match="connects no other servers"):
        create_deployment(
            tenant=tenant, by=alice, name="A", region=region, size="xs", upstream="https://fhir.example/r4"
        )
    create_deployment(tenant=tenant, by=alice, name="A", region=region, size="xs")
    assert Deployment.objects.get().upstream == ""
