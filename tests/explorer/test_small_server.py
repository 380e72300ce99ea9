"""The explorer on a server that is not Fireside: what it lists is offered, in the one format that it speaks."""

import html
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from portal.models import User
from tests.explorer.conftest import SignIn
from tests.explorer.small_server import small_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def bobs(bob: User, sign_in: SignIn, settings: Settings) -> Client:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    return sign_in(bob)


@pytest.fixture
def small() -> Iterator[tuple[str, list[str]]]:
    with small_server() as server:
        yield server


def opened(client: Client, base: str) -> str:
    return client.post(reverse("servers:list"), {"base": base}).headers["Location"]


def body_of(page: str, prefix: str) -> str:
    area = page.split(f'<textarea id="{prefix}-body"')[1].partition(">")[2].partition("</textarea>")[0]
    return html.unescape(area).strip()


def test_what_it_lists_is_offered_and_nothing_else(bobs: Client, small: tuple[str, list[str]]) -> None:
    home = opened(bobs, small[0])
    start = bobs.get(home).text
    assert "2 of them this server supports" in start
    assert "Small 0.1" in start
    assert small[1][:2] == [f"GET /fhir/metadata?_format={each} HTTP/1.1" for each in ("json", "xml")]
    patient = bobs.get(f"{home}Patient/").text
    assert set(re.findall(r'<details class="op" name="operation" id="op-(\S+)"', patient)) == {
        "search",
        "search-post",
        "read",
        "create",
    }
    assert 'name="family"' in patient
    assert 'name="ward"' in patient, "its own parameter"
    assert 'name="birthdate"' not in patient
    assert 'id="op-search"' not in bobs.get(f"{home}Encounter/").text
    assert "not supported here" in bobs.get(f"{home}Observation/").text
    assert "Add to a Bundle" not in bobs.get(f"{home}Patient/", {".do": "search", ".preview": "1"}).text


def test_bodies_and_answers_are_xml_and_read_like_any_other(
    bobs: Client, small: tuple[str, list[str]]
) -> None:
    home = opened(bobs, small[0])
    text = body_of(bobs.get(f"{home}Patient/", {".do": "create", ".example": "smallest"}).text, "create")
    assert text.startswith('<Patient xmlns="http://hl7.org/fhir"')
    body = (
        '<Patient xmlns="http://hl7.org/fhir">\n<name><family value="Moreau"/></name>\n'
        '<gender value="female"/>\n</Patient>'
    )
    made = bobs.post(f"{home}Patient/", {".do": "create", ".body": body, ".run": "1"}).text
    assert "201 Created" in made
    found = bobs.get(f"{home}Patient/", {".do": "search", "family": "mor", ".run": "1"}).text
    assert "<strong>1 found</strong>" in found
    assert f'href="{home}Patient/?.do=read&amp;.id=1&amp;.run=1"' in found
    read = bobs.get(f"{home}Patient/?.do=read&.id=1&.run=1").text
    assert "200 OK" in read
    assert "Patient/edit/" not in read, "it lists no update"
    assert bobs.get(f"{home}Patient/edit/?id=1").status_code == 404


def test_a_refused_xml_body_is_marked_at_its_line(bobs: Client, small: tuple[str, list[str]]) -> None:
    home = opened(bobs, small[0])
    body = '<Patient xmlns="http://hl7.org/fhir">\n\n<gender value="nobody"/>\n</Patient>'
    answer = bobs.post(f"{home}Patient/", {".do": "create", ".body": body, ".run": "1"}).text
    assert "422 " in answer
    assert "<code>Patient.gender</code> line 3" in answer
    listed = bobs.post(f"{home}editor/problems/", {"text": body, "type": "Patient"}).json()["problems"]
    assert [each["line"] for each in listed] == [3]
    broken = bobs.post(f"{home}editor/problems/", {"text": "<Patient>\n<gender</Patient>", "type": "Patient"})
    assert [each["line"] for each in broken.json()["problems"]] == [2]


NONSENSE = {
    "entries that are none": '{"resourceType": "Bundle", "type": 7, "entry": [1, {"resource": "x"}, null], "link": "next"}',
    "issues that are none": '{"resourceType": "OperationOutcome", "issue": [{"details": "x", "expression": 3}], "text": []}',
    "lists for objects": '{"resourceType": "Patient", "id": ["1"], "text": {"div": ["<script>"]}, "meta": 3}',
    "history of nothing": '{"resourceType": "Bundle", "type": "history", "entry": [{"resource": {"meta": 3}}, {"resource": 3}]}',
    "no object": "[[]]",
    "a deep hole": "[" * 900 + "]" * 900,
    "a deeper hole": "[" * 100_000,
}


@pytest.mark.parametrize("body", NONSENSE.values(), ids=list(NONSENSE))
def test_whatever_a_server_answers_is_shown(bobs: Client, body: str) -> None:
    with small_server(nonsense=body.encode()) as (base, _):
        home = opened(bobs, base)
        for asked in ({".do": "search", ".run": "1"}, {".do": "read", ".id": "1", ".run": "1"}):
            page = bobs.get(f"{home}Patient/", asked)
            assert page.status_code == 200
            assert "200 OK" in page.text
            assert "<script>" not in page.text.split('id="answer"')[1].split("</section>")[0]
