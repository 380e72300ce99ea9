"""No answer that is one person's may be kept by a proxy for another."""

import pytest
from django.test import Client

from portal.models import Tenant, User

PAGES = ("/", "/services/", "/deployments/", "/tenants/", "/accounts/email/", "/nothing/")
OF_THE_TENANT = ("members", "usage", "audit", "settings")


@pytest.mark.django_db
def test_no_page_may_be_kept_for_others(client: Client, alice: User, tenant: Tenant) -> None:
    client.force_login(alice)
    asked = [*PAGES, *(f"/tenants/{tenant.slug}/{page}/" for page in OF_THE_TENANT)]
    kept = {path: client.get(path).headers.get("Cache-Control", "") for path in asked}
    open_to_others = {
        path: said for path, said in kept.items() if not {"private", "no-store"} & {*said.split(", ")}
    }
    assert open_to_others == {}


@pytest.mark.django_db
def test_a_page_that_must_not_be_kept_at_all_says_so_itself(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert "no-store" in client.get("/accounts/login/?next=/x").headers["Cache-Control"]
