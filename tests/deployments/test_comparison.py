"""Two deployments compared, and what one takes over from the other."""

import pytest
from django.test import Client

from credentials import services as keys
from credentials.access import Access, AccessKind
from credentials.models import ApplicationKind, OAuthApplication
from deployments.comparison import compare
from deployments.models import Deployment, Region, State
from deployments.services import change_limits
from portal.models import AuditEvent, Membership, Role, Tenant, User
from smart.applications import Registration, create_application
from smart.server_services import change_integrated
from smart.servers import integrated_server


@pytest.fixture
def live(deployment: Deployment) -> Deployment:
    deployment.name, deployment.state = "Live", State.RUNNING
    deployment.save()
    return deployment


@pytest.fixture
def tried(live: Deployment, tenant: Tenant, local_region: Region, alice: User) -> Deployment:
    """A deployment for tests with an application, a key and an origin that the live one does not have."""
    made = Deployment.objects.create(
        tenant=tenant,
        name="Trying",
        region=local_region,
        size="xs",
        state=State.RUNNING,
        allowed_origins=["https://app.example"],
    )
    asked = Registration(
        "Growth chart",
        ApplicationKind.PUBLIC,
        ["https://app.example/back"],
        allowed_scopes="launch/patient patient/*.rs",
    )
    create_application(integrated_server(made), asked, by=alice)
    keys.create_api_key(made, name="Loader", access=Access(AccessKind.READ_ONLY), by=alice)
    return made


def _take(client: Client, live: Deployment, tried: Deployment, *chosen: str) -> int:
    address = f"/deployments/{live.pk}/compare/take-over/"
    return client.post(address, {"with": tried.pk, "take": list(chosen)}).status_code


def test_differences_are_found_in_every_aspect(live: Deployment, tried: Deployment) -> None:
    found = {
        (section.aspect.slug, row.name): row for section in compare(live, tried) for row in section.different
    }
    assert set(found) == {
        ("settings", "Allowed origins"),
        ("api-keys", "Loader"),
        ("applications", "Growth chart"),
    }
    assert found["api-keys", "Loader"].theirs == "Read only"
    assert not found["api-keys", "Loader"].movable
    assert found["applications", "Growth chart"].mine is None


def test_chosen_differences_are_taken_over_and_recorded(
    client: Client, live: Deployment, tried: Deployment, alice: User
) -> None:
    client.force_login(alice)
    assert _take(client, live, tried, "applications:Growth chart", "settings:Allowed origins") == 302
    live.refresh_from_db()
    assert live.allowed_origins == ["https://app.example"]
    mine, theirs = OAuthApplication.objects.order_by("-pk")
    assert mine.server.deployment == live
    assert (mine.allowed_scopes, mine.redirect_uris) == (theirs.allowed_scopes, theirs.redirect_uris)
    assert mine.client_id != theirs.client_id
    assert {"oauth.application_created", "deployment.settings"} <= set(
        AuditEvent.objects.values_list("action", flat=True)
    )
    assert [row.name for section in compare(live, tried) for row in section.different] == ["Loader"]
    assert "Loader" in client.get(f"/deployments/{live.pk}/compare/", {"with": tried.pk}).content.decode()


def test_limits_lifetimes_and_details_of_applications_are_compared_and_taken_over(
    client: Client, live: Deployment, tried: Deployment, alice: User
) -> None:
    client.force_login(alice)
    assert _take(client, live, tried, "applications:Growth chart", "settings:Allowed origins") == 302
    live.refresh_from_db()
    change_limits(tried, 5, 1_000, by=alice)
    change_integrated(
        integrated_server(tried),
        access_token_lifetime=600,
        refresh_token_lifetime=86_400,
        registration_open=True,
        by=alice,
    )
    OAuthApplication.objects.filter(server__deployment=tried).update(
        launch_url="https://app.example/launch", requests_per_second=3
    )
    found = {row.name: row for section in compare(live, tried) for row in section.different if row.movable}
    assert set(found) == {"Requests a second", "Largest body", "Integrated server", "Growth chart"}
    chosen = ("settings:Requests a second", "settings:Largest body", "servers:Integrated server")
    assert _take(client, live, tried, *chosen, "applications:Growth chart") == 302
    live.refresh_from_db()
    assert (live.requests_per_second, live.largest_body) == (5, 1_000)
    assert integrated_server(live).registration_open
    mine = OAuthApplication.objects.get(server__deployment=live)
    assert (mine.launch_url, mine.requests_per_second) == ("https://app.example/launch", 3)
    assert [row.name for section in compare(live, tried) for row in section.different] == ["Loader"]


def test_what_shares_a_name_is_told_apart_and_stays(live: Deployment, tried: Deployment, alice: User) -> None:
    keys.create_api_key(tried, name="Loader", access=Access(AccessKind.FULL), by=alice)
    names = [row.name for section in compare(live, tried) for row in section.different]
    assert {"Loader", "Loader (2)"} <= set(names)


def test_what_cannot_be_moved_stays_where_it_is(
    client: Client, live: Deployment, tried: Deployment, alice: User
) -> None:
    client.force_login(alice)
    assert _take(client, live, tried, "api-keys:Loader", "settings:Region", "nothing:at all") == 302
    assert not live.api_keys.exists()


def test_one_refusal_leaves_everything_as_it_was(
    client: Client, live: Deployment, tried: Deployment, alice: User
) -> None:
    client.force_login(alice)
    OAuthApplication.objects.update(redirect_uris=["http://not-safe.example/back"])
    assert _take(client, live, tried, "settings:Allowed origins", "applications:Growth chart") == 302
    live.refresh_from_db()
    assert live.allowed_origins == []
    assert "Nothing was changed" in client.get(f"/deployments/{live.pk}/").content.decode()


def test_only_deployments_of_the_same_tenant_are_compared(
    client: Client, live: Deployment, tried: Deployment, alice: User, bob: User
) -> None:
    elsewhere = Tenant.objects.create(name="Elsewhere", slug="elsewhere")
    Membership.objects.create(tenant=elsewhere, user=alice, role=Role.OWNER)
    Deployment.objects.filter(pk=tried.pk).update(tenant=elsewhere)
    client.force_login(alice)
    assert client.get(f"/deployments/{live.pk}/compare/", {"with": tried.pk}).status_code == 404
    assert _take(client, live, tried, "settings:Allowed origins") == 404
    Membership.objects.filter(user=bob).update(role=Role.WRITE)
    client.force_login(bob)
    assert _take(client, live, tried, "settings:Allowed origins") == 403


def test_the_page_offers_an_administrator_what_can_be_moved(
    client: Client, live: Deployment, tried: Deployment, alice: User, bob: User
) -> None:
    client.force_login(alice)
    address = f"/deployments/{live.pk}/compare/?with={tried.pk}"
    page = client.get(address).content.decode()
    assert 'value="applications:Growth chart"' in page
    assert 'value="api-keys:Loader"' not in page
    Membership.objects.filter(user=bob).update(role=Role.READ)
    client.force_login(bob)
    assert 'name="take"' not in client.get(address).content.decode()
