"""The operator's page."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal.models import AuditEvent, SizePrice, Tenant, User
from tests.portal.conftest import SignIn

pytestmark = pytest.mark.django_db(databases="__all__")


def test_only_operators_find_it(client: Client, tenant: Tenant, alice: User, sign_in: SignIn) -> None:
    assert client.get("/operator/").status_code == 302
    assert sign_in(alice).get("/operator/").status_code == 404


def test_it_shows_every_tenant_and_what_apps_register(tenant: Tenant, charlie: User, sign_in: SignIn) -> None:
    User.objects.filter(pk=charlie.pk).update(is_staff=True)
    text = sign_in(charlie).get("/operator/").content.decode()
    assert "Acme Health" in text
    assert "Regions" in text
    assert "Acme Health" not in sign_in(charlie).get("/operator/?q=norra").content.decode()


@pytest.fixture
def operator(charlie: User, sign_in: SignIn) -> Client:
    User.objects.filter(pk=charlie.pk).update(is_staff=True)
    return sign_in(charlie)


def filled(page: Any) -> dict[str, Any]:
    """What a browser would send of the forms as they are."""
    sent: dict[str, Any] = {}
    for formset in page.context["forms"].values():
        parts = [formset.management_form, *formset]
        fields = [field for part in parts for field in part if field.value() not in (None, False)]
        sent |= {field.html_name: field.value() for field in fields}
    return sent


def test_the_health_of_the_installation_is_told(operator: Client, tenant: Tenant) -> None:
    sections = operator.get("/operator/").context["sections"]
    (health,) = [section for section in sections if section.title == "Health"]
    states = {row[0]: row[1] for row in health.rows}
    assert states["Database default"] == "answers"
    assert states["Broker"] == "answers"
    assert states["Disk"] in ("enough room", "nearly full")


def test_prices_are_changed_and_the_change_is_written_down(operator: Client) -> None:
    page = operator.get("/operator/plans/")
    sent = filled(page)
    sent["prices-0-hour"] = 7
    assert operator.post("/operator/plans/", sent).status_code == 302
    assert SizePrice.objects.get(size="xs").hour == 7
    event = AuditEvent.objects.get(action="operator.prices_changed")
    assert (event.before["hour"], event.after["hour"]) == (4, 7)
    sent["terms-0-log_days"] = 0
    assert operator.post("/operator/plans/", sent).status_code == 422


def test_only_operators_change_prices(alice: User, sign_in: SignIn) -> None:
    assert sign_in(alice).post("/operator/plans/", {}).status_code == 404


def test_the_operator_is_named_on_the_command_line(alice: User, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("operator", alice.email)
    call_command("operator")
    assert capsys.readouterr().out.splitlines()[-1] == alice.email
    assert AuditEvent.objects.filter(action="operator.changed", target=alice.email).count() == 1
    call_command("operator", alice.email, "--remove")
    alice.refresh_from_db()
    assert not alice.is_staff
    with pytest.raises(CommandError, match="Nobody signs in with"):
        call_command("operator", "nobody@example.org")
