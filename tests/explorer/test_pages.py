"""Every page of API Development: for whom it opens, how light it is."""

import gzip

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from deployments.models import Deployment
from fhirspec.catalogue import get_catalogue
from portal.models import User
from tests.explorer.conftest import SignIn

pytestmark = pytest.mark.django_db(databases="__all__")

# (method, name of the URL, its arguments after the deployment)
PAGES: list[tuple[str, str, list[object]]] = [
    ("get", "index", []),
    ("post", "index", []),
    ("get", "resource", ["Patient"]),
    ("post", "resource", ["Patient"]),
    ("post", "authorize", []),
    ("post", "use", []),
    ("post", "forget", []),
    ("post", "paste", []),
    ("get", "history", []),
    ("post", "clear-history", []),
    ("get", "tour", []),
    ("get", "find", []),
    ("get", "composer", []),
    ("post", "collect", []),
    ("post", "arrange", []),
    ("post", "compose", []),
    ("get", "saved", []),
    ("post", "save", []),
    ("get", "open-saved", [1]),
    ("post", "delete-saved", [1]),
    ("get", "edit", ["Patient"]),
    ("post", "editor-problems", []),
    ("post", "editor-complete", []),
    ("get", "versions", ["Encounter"]),
    ("get", "openapi", []),
    ("get", "postman", []),
    ("get", "codes", []),
    ("get", "datatype", ["HumanName"]),
    ("get", "elements", ["Patient.contact"]),
    ("get", "download", ["Patient"]),
    ("get", "download-system", []),
    ("get", "replay", [1]),
]
# What the same pages need to answer something other than "there is no such thing".
QUERY = {
    "codes": "?url=http://hl7.org/fhir/ValueSet/administrative-gender",
}
NEED_MORE = {"download", "download-system", "replay", "save", "open-saved", "delete-saved", "edit"}


def address(name: str, deployment: Deployment, arguments: list[object]) -> str:
    return reverse(f"explorer:{name}", args=[deployment.pk, *arguments]) + QUERY.get(name, "")


@pytest.mark.parametrize(("method", "name", "arguments"), PAGES)
def test_anonymous_people_are_sent_to_sign_in(
    method: str, name: str, arguments: list[object], client: Client, deployment: Deployment
) -> None:
    response = getattr(client, method)(address(name, deployment, arguments))
    assert response.status_code == 302
    assert response.url.startswith("/accounts/login/")


@pytest.mark.parametrize(("method", "name", "arguments"), PAGES)
def test_strangers_learn_nothing(
    method: str, name: str, arguments: list[object], deployment: Deployment, charlie: User, sign_in: SignIn
) -> None:
    assert getattr(sign_in(charlie), method)(address(name, deployment, arguments)).status_code == 404


@pytest.mark.parametrize(("method", "name", "arguments"), PAGES)
def test_a_member_who_only_reads_may_explore(
    method: str, name: str, arguments: list[object], deployment: Deployment, bob: User, sign_in: SignIn
) -> None:
    response = getattr(sign_in(bob), method)(address(name, deployment, arguments))
    assert response.status_code in ((404,) if name in NEED_MORE else (200, 302))


def test_every_resource_type_has_a_light_page_of_few_statements(
    deployment: Deployment, bob: User, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bytes and statements: they are the same on every machine. How long a page takes is `make bench`'s to say."""
    # What is held is counted anew every few seconds: on a slow machine that would fall to some page in the middle.
    monkeypatch.setattr("explorer.chooser.COUNTED_SECONDS", 3600)
    monkeypatch.setattr("explorer.capabilities.REMEMBERED_SECONDS", 3600.0)
    client = sign_in(bob)
    client.get(reverse("explorer:resource", args=[deployment.pk, "Patient"]))
    sizes: dict[str, int] = {}
    statements: dict[str, int] = {}
    for name in get_catalogue().resource_types:
        with CaptureQueriesContext(connection) as asked:
            response = client.get(reverse("explorer:resource", args=[deployment.pk, name]))
        assert response.status_code == 200, name
        assert f"<h2>{name}</h2>" in response.text
        sizes[name] = len(gzip.compress(response.content, 6))
        statements[name] = len(asked)
    heaviest = max(sizes, key=sizes.__getitem__)
    assert sizes[heaviest] < 100_000, (heaviest, sizes[heaviest])
    # Session, person, memberships, deployment and its tenant, what is held and what was saved; Patient's page ticks the tour's first step.
    assert {name: count for name, count in statements.items() if count != 8} == {"Patient": 9}


def test_what_is_no_resource_type_has_no_page(deployment: Deployment, bob: User, sign_in: SignIn) -> None:
    client = sign_in(bob)
    for name in ("Nothing", "HumanName", "patient", "Resource"):
        assert client.get(reverse("explorer:resource", args=[deployment.pk, name])).status_code == 404


@pytest.mark.parametrize("name", ["HumanName", "Timing", "code", "Reference", "ElementDefinition"])
def test_data_types_have_pages_of_their_own(
    name: str, deployment: Deployment, bob: User, sign_in: SignIn
) -> None:
    response = sign_in(bob).get(reverse("explorer:datatype", args=[deployment.pk, name]))
    assert f"<h2>{name}</h2>" in response.text


def test_the_schema_opens_without_javascript_and_in_place(
    deployment: Deployment, bob: User, sign_in: SignIn
) -> None:
    client = sign_in(bob)
    url = reverse("explorer:elements", args=[deployment.pk, "Patient.contact"])
    page = client.get(url)
    part = client.get(url, headers={"HX-Request": "true"})
    assert "<h1>" in page.text
    assert "<html" not in part.text
    for response in (page, part):
        assert 'data-element="Patient.contact.relationship"' in response.text


def test_codes_of_a_binding_can_be_searched(deployment: Deployment, bob: User, sign_in: SignIn) -> None:
    url = address("codes", deployment, [])
    client = sign_in(bob)
    assert client.get(url).text.count("<li><code>") == 4
    assert client.get(url + "&q=fem").text.count("<li><code>") == 1


def test_the_versions_lens_tells_what_changed(deployment: Deployment, bob: User, sign_in: SignIn) -> None:
    client = sign_in(bob)
    text = client.get(reverse("explorer:versions", args=[deployment.pk, "Encounter"])).text
    assert "<code>hospitalization</code>" in text
    assert "<code>admission</code>" in text
    gone = client.get(reverse("explorer:versions", args=[deployment.pk, "MedicinalProduct"])).text
    assert "There is no MedicinalProduct" in gone
