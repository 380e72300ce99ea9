"""Examples that a page offers: official ones, all valid R4; what is held here; what was saved. And what can be searched."""

import re
from html import unescape
from urllib.parse import unquote

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from lxml import html

from deployments.models import Deployment
from explorer.building.draft import Draft
from explorer.collecting import save_request
from explorer.definitions.examples import example_text, example_titles
from explorer.execution import seal_draft
from fhirserver.partitions import Partition
from fhirspec import json
from fhirspec.catalogue import get_catalogue
from fhirspec.validation import validate
from portal.models import User
from tests.explorer.conftest import SignIn
from tests.fhirserver.client import BASE
from tests.fhirserver.client import Client as Engine


def test_every_resource_type_has_an_example_and_every_example_is_valid() -> None:
    for resource_type in get_catalogue().resource_types:
        titles = example_titles(resource_type)
        assert titles
        for title in titles:
            example = json.decode(example_text(resource_type, title.key).encode())
            assert [one for one in validate(example, resource_type) if one.is_error] == [], resource_type


@pytest.mark.parametrize(
    "resource_type", ["CapabilityStatement", "StructureDefinition", "ImplementationGuide"]
)
def test_examples_name_the_version_of_fhir_that_is_served(resource_type: str) -> None:
    example = json.decode(example_text(resource_type, "").encode())
    assert example["fhirVersion"] in ("4.0.1", ["4.0.1"])


def example_page(client: Client, deployment: Deployment, key: str, part: str = "") -> HttpResponse:
    address = reverse("explorer:resource", args=[deployment.pk, "Patient"])
    return client.get(address, {".example": key, ".part": part} if part else {".example": key})


def store(deployment: Deployment, *families: str) -> None:
    engine = Engine(Partition("region_local", deployment.partition))
    for family in families:
        body = {"resourceType": "Patient", "id": family.lower(), "name": [{"family": family}]}
        assert engine.put(f"{BASE}/Patient/{family.lower()}", body).status == 201


@pytest.mark.django_db(databases="__all__")
def test_what_is_held_here_is_an_example_too(explorer: Client, deployment: Deployment) -> None:
    assert "is none that this credential can see" in example_page(explorer, deployment, "own").text
    store(deployment, "Oldest", "Newest")
    page = example_page(explorer, deployment, "own").text
    assert "Newest" in page
    (editor,) = re.findall(r'href="([^"]+)#try">To the editor', page)
    assert "&quot;id&quot;: &quot;newest&quot;" in explorer.get(unescape(editor)).text


def found_records(client: Client, deployment: Deployment, **asked: str) -> tuple[list[str], str]:
    """The ids that the finder lists, and the whole part."""
    address = reverse("explorer:resource", args=[deployment.pk, "Patient"])
    fields = {".example": "own", **{f".{name}": value for name, value in asked.items()}}
    part = client.get(address, {**fields, ".part": "example"}).text
    assert "held-records" in part
    return re.findall(r'href="[^"]*\.example=own/([\w-]+)&', part), part


@pytest.mark.django_db(databases="__all__")
def test_records_held_here_are_found_by_id_by_name_and_page_by_page(
    explorer: Client, deployment: Deployment
) -> None:
    names = [f"Person{letter}" for letter in "abcdefghijk"]
    store(deployment, *names)
    newest, part = found_records(explorer, deployment)
    assert newest == [name.lower() for name in reversed(names[3:])]
    (following,) = re.findall(r'\?\.example=own&amp;\.page=([^"#]+)#', part)
    rest, part = found_records(explorer, deployment, page=unquote(following))
    assert rest == ["personc", "personb", "persona"]
    assert 'rel="next"' not in part
    assert found_records(explorer, deployment, held="persond")[0] == ["persond"]
    assert found_records(explorer, deployment, held="SONE")[0] == ["persone"]
    ids, part = found_records(explorer, deployment, held="nobody, nowhere")
    assert ids == []
    assert "None of this id or name" in part
    assert "Personf" in example_page(explorer, deployment, "own/personf", "example").text
    assert "There is none" in example_page(explorer, deployment, "own/nobody", "example").text


@pytest.mark.django_db(databases="__all__")
def test_what_is_held_here_is_read_with_the_readers_own_credential(
    deployment: Deployment, bob: User, sign_in: SignIn
) -> None:
    store(deployment, "Secret")
    page = example_page(sign_in(bob), deployment, "own").text
    assert "Authorize first" in page
    assert "Secret" not in page


@pytest.mark.django_db(databases="__all__")
def test_a_saved_body_is_an_example_of_its_type_for_those_who_may_see_it(
    explorer: Client, deployment: Deployment, alice: User, bob: User, sign_in: SignIn
) -> None:
    draft = Draft("create", "Patient", body='{"resourceType": "Patient", "name": [{"family": "Zwetschge"}]}')
    kept = save_request(deployment, alice, "My patient", seal_draft(draft), shared=False)
    assert kept is not None
    page = example_page(explorer, deployment, f"saved-{kept.pk}").text
    assert "Zwetschge" in page
    assert "My patient" in page
    assert reverse("explorer:open-saved", args=[deployment.pk, kept.pk]) in page
    stranger = example_page(sign_in(bob), deployment, f"saved-{kept.pk}").text
    assert "This saved request is gone" in stranger
    assert "Zwetschge" not in stranger
    unfinished = Draft("create", "Patient", body='{"resourceType": ')
    broken = save_request(deployment, alice, "Half", seal_draft(unfinished), shared=False)
    assert broken is not None
    assert "no JSON" in example_page(explorer, deployment, f"saved-{broken.pk}").text
    elsewhere = reverse("explorer:resource", args=[deployment.pk, "Group"])
    assert "My patient" not in explorer.get(elsewhere).text


@pytest.mark.django_db(databases="__all__")
def test_an_example_is_downloaded_whole(explorer: Client, deployment: Deployment) -> None:
    key = example_titles("Patient")[0].key
    answered = example_page(explorer, deployment, key, "download")
    assert answered.headers["Content-Disposition"] == f'attachment; filename="Patient-{key}.json"'
    assert answered.text == example_text("Patient", key)
    assert example_page(explorer, deployment, "own", "download").status_code == 404


@pytest.mark.django_db(databases="__all__")
def test_the_table_of_parameters_tells_what_each_can_do_and_what_is_not_searched(
    explorer: Client, deployment: Deployment
) -> None:
    page = html.document_fromstring(
        explorer.get(reverse("explorer:resource", args=[deployment.pk, "Observation"])).text
    )
    rows = {
        row.xpath("string(td[1]/code)"): row.text_content()
        for row in page.xpath('//table[contains(@class, "params")]//tbody/tr')
    }
    for said in (
        "composite",
        "Observation.code",
        "code code",
        "value-quantity value.as(Quantity)",
    ):
        assert said in rows["code-value-quantity"] or said == "Observation.code", rows["code-value-quantity"]
    for said in ("date", "sa, eb, ap", ":missing", "date=2024-05-01", "Observation.effective"):
        assert said in rows["date"]
    assert "Refers to Patient" in rows["patient"]
    assert "not here" not in rows["date"]
    assert "not hereThere are no named queries." in rows["_query"]
    assert "not hereNot together: the words of a contained resource" in rows["_contained with _text"]
    assert "not hereNot together: R4 rules it out" in rows["_summary=text with _include"]
