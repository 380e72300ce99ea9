"""The guides' searches open in the explorer, and the guide to errors knows every error."""

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import reverse

from deployments.models import Deployment, State
from fhirserver.outcomes import FhirError
from fhirserver.partitions import Partition
from portal.guide_errors import ERRORS
from portal.models import User
from tests.explorer.conftest import SignIn
from tests.fhirserver.client import BASE
from tests.fhirserver.client import Client as Engine

pytestmark = pytest.mark.django_db(databases="__all__")
CHECKOUT = Path(__file__).resolve().parents[2]


def examples() -> list[str]:
    page = Client().get(reverse("portal:guide", args=["search"])).text
    return [unescape(link) for link in re.findall(r'href="(/explore/[^"]+)"', page)]


def test_each_search_by_example_opens_filled_in_and_works(deployment: Deployment, explorer: Client) -> None:
    links = examples()
    assert len(links) >= 10
    engine = Engine(Partition("region_local", deployment.partition))
    for link in links:
        resource_type, query = link.removeprefix("/explore/").split("/?")
        answered = explorer.get(link, follow=True)
        here = reverse("explorer:resource", args=[deployment.pk, resource_type])
        assert answered.redirect_chain[0][0].startswith(f"{here}?.do=search&"), link
        shown = re.search(r'name="\.query"[^>]*>([^<]*)</textarea>', answered.text)
        assert shown
        assert unquote(unescape(shown[1])) == unquote(query)
        assert engine.get(f"{BASE}/{resource_type}?{query}").status == 200, link


def test_an_example_opens_where_one_worked_last(
    deployment: Deployment, explorer: Client, alice: User
) -> None:
    newer = Deployment.objects.create(
        tenant=deployment.tenant, name="Newer", region=deployment.region, size="xs", state=State.RUNNING
    )
    assert newer.pk in explorer.get("/explore/Patient/?gender=male").headers["Location"]
    explorer.get(reverse("explorer:resource", args=[deployment.pk, "Patient"]) + "?.do=search&.run=1")
    assert deployment.pk in explorer.get("/explore/Patient/?gender=male").headers["Location"]


def test_without_a_deployment_the_reader_is_told_to_make_one(charlie: User, sign_in: SignIn) -> None:
    answered = sign_in(charlie).get("/explore/Patient/?gender=male", follow=True)
    assert "Create a deployment first" in answered.text


def test_visitors_sign_in_first_and_what_is_no_type_does_not_open(client: Client, explorer: Client) -> None:
    assert client.get("/explore/Patient/?gender=male").headers["Location"].startswith("/accounts/login/")
    assert explorer.get("/explore/HumanName/").status_code == 404


def subclasses(kind: type[FhirError]) -> set[type[FhirError]]:
    return {kind}.union(*(subclasses(each) for each in kind.__subclasses__()))


def test_the_guide_to_errors_knows_every_error_that_an_endpoint_answers_with() -> None:
    answered = {(each.status, each.code) for each in subclasses(FhirError) if each.status != 500}
    for path in (CHECKOUT / "gateway").glob("*.py"):
        found = re.findall(r"""outcome\(\s*(\d{3}), "([\w-]+)\"""", path.read_text())
        answered |= {(int(status), code) for status, code in found}
    assert (502, "transient") in answered
    assert answered - {(each.status, each.code) for each in ERRORS} == set()
    page = Client().get(reverse("portal:guide", args=["errors"])).text
    for each in ERRORS:
        assert f'id="{each.status}-{each.code}"' in page
