"""The trial and the subscription, and what they allow."""

from datetime import UTC, timedelta
from typing import Any

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from portal.models import Membership, Plan, PlanTerms, Role, Tenant, User
from portal.services.tenants import create_tenant
from portal.subscriptions import SubscriptionRefused, get_entitlement, start_trial, subscribe
from tests.portal.conftest import SignIn


def test_without_a_subscription_nothing_can_be_deployed(tenant: Tenant) -> None:
    entitlement = get_entitlement(tenant)
    assert "Start the trial" in entitlement.refusal(existing=0, size="xs", high_availability=False)


@pytest.mark.parametrize(
    ("existing", "size", "available", "says"),
    [
        (0, "xs", False, ""),
        (1, "xs", False, "allows 1 deployment"),
        (0, "s", False, "Extra Small only"),
        (0, "xs", True, "High availability"),
    ],
)
def test_the_trial_is_one_extra_small_deployment(
    existing: int, size: str, available: bool, says: str, tenant: Tenant, alice: User
) -> None:
    start_trial(tenant, actor=alice)
    refusal = get_entitlement(tenant).refusal(existing=existing, size=size, high_availability=available)
    assert (says in refusal) if says else refusal == ""


def test_the_trial_ends_after_thirty_days_and_is_not_repeated(tenant: Tenant, alice: User) -> None:
    start_trial(tenant, actor=alice)
    with time_machine.travel(timezone.now() + timedelta(days=30, seconds=1)):
        assert not get_entitlement(tenant).allowed
        with pytest.raises(SubscriptionRefused):
            start_trial(tenant, actor=alice)
        subscribe(tenant, actor=alice)
        assert get_entitlement(tenant).refusal(existing=7, size="xl", high_availability=True) == ""


def test_starting_the_trial_on_the_page_shows_the_days_left(
    tenant: Tenant, alice: User, sign_in: SignIn
) -> None:
    client = sign_in(alice)
    page = reverse("portal:trial", args=["fhir-server"])
    assert "Start trial" in client.get(page).content.decode()
    response = client.post(page, {"tenant": tenant.slug}, follow=True)
    assert "30 days left" in response.content.decode()


def test_a_dismissed_banner_stays_away(tenant: Tenant, alice: User, sign_in: SignIn) -> None:
    start_trial(tenant, actor=alice)
    client = sign_in(alice)
    page = client.get(reverse("portal:services"))
    name = page.context["shell"].banners[0].name
    client.post(reverse("portal:dismiss"), {"name": name, "next": "/services/"})
    assert "days left" not in client.get(reverse("portal:services")).content.decode()


@pytest.mark.parametrize("name", ["trial", "subscribe"])
@pytest.mark.parametrize("role", [Role.READ, Role.WRITE])
def test_only_administrators_subscribe(
    name: str, role: Role, tenant: Tenant, bob: User, sign_in: SignIn
) -> None:
    Membership.objects.filter(user=bob).update(role=role)
    response = sign_in(bob).post(reverse(f"portal:{name}", args=["fhir-server"]), {"tenant": tenant.slug})
    assert response.status_code == 403


def test_a_strangers_tenant_cannot_be_chosen(tenant: Tenant, charlie: User, sign_in: SignIn) -> None:
    response = sign_in(charlie).post(reverse("portal:trial", args=["fhir-server"]), {"tenant": tenant.slug})
    assert response.status_code == 422
    assert not tenant.subscriptions.exists()


def test_the_form_offers_the_tenants_in_which_one_may_choose_a_plan(
    tenant: Tenant, bob: User, sign_in: SignIn
) -> None:
    own = create_tenant("Bob's own", owner=bob)
    page = reverse("portal:trial", args=["fhir-server"])
    client = sign_in(bob)
    Membership.objects.filter(user=bob, tenant=tenant).update(role=Role.WRITE)
    assert offered(client.get(page)) == [own.slug]
    Membership.objects.filter(user=bob, tenant=tenant).update(role=Role.ADMIN)
    assert set(offered(client.get(page))) == {own.slug, tenant.slug}
    Membership.objects.filter(user=bob).update(role=Role.READ)
    assert "In none of your tenants" in client.get(page).content.decode()


def offered(response: Any) -> list[str]:
    return [one.slug for one in response.context["form"].fields["tenant"].queryset]


def test_who_may_not_choose_a_plan_is_offered_none(
    tenant: Tenant, alice: User, bob: User, sign_in: SignIn
) -> None:
    start_trial(tenant, actor=alice)
    page, link = reverse("portal:services"), reverse("portal:subscribe", args=["fhir-server"])
    for role, offers in ((Role.READ, False), (Role.WRITE, False), (Role.ADMIN, True)):
        Membership.objects.filter(user=bob, tenant=tenant).update(role=role)
        shown = sign_in(bob).get(page).content.decode()
        assert "30 days left" in shown
        assert (link in shown) is offers
        assert ("An Admin or the Owner of" in shown) is not offers


def test_the_pages_say_what_the_operator_made_of_the_trial(
    tenant: Tenant, alice: User, sign_in: SignIn
) -> None:
    PlanTerms.objects.filter(plan=Plan.TRIAL).update(days=14, deployments=2)
    for name in ("portal:services", "portal:trial"):
        page = reverse(name, args=["fhir-server"] if name == "portal:trial" else [])
        shown = sign_in(alice).get(page).content.decode()
        assert "14 days, 2 deployments, Extra Small, no high availability" in shown
        assert "30 days, " not in shown


def test_choosing_a_plan_after_the_trial_says_what_to_start_again(
    tenant: Tenant, alice: User, sign_in: SignIn
) -> None:
    start_trial(tenant, actor=alice)
    client, page = sign_in(alice), reverse("portal:subscribe", args=["fhir-server"])
    tenant.subscriptions.update(expires=timezone.now() - timedelta(days=1))
    kept = timezone.now().astimezone(UTC) + timedelta(days=29)
    assert f"kept until {kept:%-d %B %Y}" in client.get(page).content.decode()
    shown = client.post(page, {"tenant": tenant.slug}, follow=True).content.decode()
    assert "Start again the deployments that stopped" in shown
