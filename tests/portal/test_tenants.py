"""Creating, renaming, transferring, deleting and restoring tenants on their pages."""

from datetime import UTC, datetime

import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from portal.models import AuditEvent, Role, Tenant, User
from tests.portal.conftest import SignIn


def test_a_new_tenant_belongs_to_its_maker_and_becomes_current(alice: User, sign_in: SignIn) -> None:
    client = sign_in(alice)
    response = client.post(reverse("portal:tenant-new"), {"name": "Norra Clinic"}, follow=True)
    tenant = Tenant.objects.get(slug="norra-clinic")
    assert tenant.memberships.get().role == Role.OWNER
    assert response.context["shell"].tenant == tenant


def test_equal_names_get_different_addresses(alice: User, sign_in: SignIn) -> None:
    client = sign_in(alice)
    for _ in range(2):
        client.post(reverse("portal:tenant-new"), {"name": "Norra Clinic"})
    assert len(set(Tenant.objects.values_list("slug", flat=True))) == 2


def test_switching_changes_what_the_shell_shows(tenant: Tenant, alice: User, sign_in: SignIn) -> None:
    client = sign_in(alice)
    client.post(reverse("portal:tenant-new"), {"name": "Norra Clinic"})
    client.post(reverse("portal:tenant-switch", args=[tenant.slug]))
    assert client.get(reverse("portal:services")).context["shell"].tenant == tenant


def test_renaming_keeps_the_address(tenant: Tenant, alice: User, sign_in: SignIn) -> None:
    sign_in(alice).post(reverse("portal:settings", args=[tenant.slug]), {"name": "Acme Care"})
    tenant.refresh_from_db()
    assert (tenant.name, tenant.slug) == ("Acme Care", "acme-health")


def test_a_transfer_makes_the_giver_an_administrator(
    tenant: Tenant, alice: User, bob: User, sign_in: SignIn
) -> None:
    heir = tenant.memberships.get(user=bob)
    sign_in(alice).post(reverse("portal:transfer", args=[tenant.slug]), {"member": heir.pk})
    assert tenant.memberships.get(user=bob).role == Role.OWNER
    assert tenant.memberships.get(user=alice).role == Role.ADMIN


def delete(client: Client, tenant: Tenant, typed: str) -> None:
    client.post(reverse("portal:delete", args=[tenant.slug]), {"name": typed})


def test_deleting_takes_the_exact_name_and_can_be_taken_back(
    tenant: Tenant, alice: User, bob: User, sign_in: SignIn
) -> None:
    owner = sign_in(alice)
    page = reverse("portal:members", args=[tenant.slug])
    delete(owner, tenant, "acme")
    assert owner.get(page).status_code == 200
    delete(owner, tenant, "Acme Health")
    assert owner.get(page).status_code == 404
    restore = reverse("portal:restore", args=[tenant.slug])
    assert sign_in(bob).post(restore).status_code == 404
    assert "Restore" in owner.get(reverse("portal:tenants")).content.decode()
    owner.post(restore)
    assert owner.get(page).status_code == 200
    assert AuditEvent.objects.filter(action="tenant.restored").exists()


def test_a_deleted_tenant_tells_the_day_on_which_it_is_removed(
    tenant: Tenant, alice: User, sign_in: SignIn
) -> None:
    with time_machine.travel(datetime(2026, 3, 10, 12, tzinfo=UTC)):
        Tenant.objects.filter(pk=tenant.pk).update(deleted=timezone.now())
        assert "removed on 9 April 2026" in sign_in(alice).get(reverse("portal:tenants")).content.decode()


def test_who_lacks_two_step_sign_in_is_led_to_it_before_requiring_it(
    tenant: Tenant, alice: User, sign_in: SignIn
) -> None:
    page = sign_in(alice).get(reverse("portal:settings", args=[tenant.slug])).content.decode()
    assert f'<a href="{reverse("mfa_index")}">Set up two-step sign-in for yourself</a>' in page
    assert "Require it of all members" not in page
