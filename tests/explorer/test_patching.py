"""A patch in each format: offered, shown with its curl, sent, collected; and no format that a server does not state."""

import html
import json
import shlex
from typing import Any

import pytest
from django.test import Client

from deployments.models import Deployment
from explorer.building.draft import Draft
from explorer.building.interactions import TYPE_OPERATIONS
from explorer.building.outgoing import build_request
from explorer.building.paste import draft_from_paste
from explorer.capabilities import read_statement
from explorer.definitions import example_patch, patch_titles
from explorer.snippets.curl import render_curl
from fhirspec.patch import FHIRPATH_PATCH_TYPE, JSON_PATCH_TYPE, MERGE_PATCH_TYPE
from tests.explorer.test_execution import create, page_of
from tests.explorer.test_exports import fetch

pytestmark = pytest.mark.django_db(databases="__all__")
FORMATS = {
    "json-patch": JSON_PATCH_TYPE,
    "merge-patch": MERGE_PATCH_TYPE,
    "fhirpath-patch": FHIRPATH_PATCH_TYPE,
}
BASE = "https://fhir.example.org/r4"
PATCH = next(each for each in TYPE_OPERATIONS if each.key == "patch")


@pytest.mark.parametrize(("example", "media_type"), FORMATS.items())
def test_the_example_of_a_format_is_sent_as_that_format(
    explorer: Client, deployment: Deployment, example: str, media_type: str
) -> None:
    logical_id = create(explorer, deployment)
    form = explorer.get(page_of(deployment), {".do": "patch", ".id": logical_id, ".example": example})
    shown = html.unescape(form.text)
    assert f'<option value="{example}" selected>' in shown
    body = example_patch("Patient", example)
    assert body in shown
    sent = {".do": "patch", ".id": logical_id, ".body": body}
    preview = html.unescape(explorer.post(page_of(deployment), {**sent, ".preview": "1"}).text)
    assert f"Content-Type: {media_type}" in preview
    answer = explorer.post(page_of(deployment), {**sent, ".run": "1"}).text
    assert "200 OK" in answer
    read = explorer.get(page_of(deployment), {".do": "read", ".id": logical_id, ".run": "1"}).text
    assert '"language"' in html.unescape(read)


def test_a_dry_run_of_a_merge_patch_shows_its_effect(explorer: Client, deployment: Deployment) -> None:
    logical_id = create(explorer, deployment)
    sent = {".do": "patch", ".id": logical_id, ".body": '{"gender": null}', ".dry": "1"}
    text = explorer.post(page_of(deployment), sent).text
    assert "200 OK" in text
    assert "gender" in text
    read = explorer.get(page_of(deployment), {".do": "read", ".id": logical_id, ".run": "1"}).text
    assert '"gender"' in html.unescape(read)


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ("[]", JSON_PATCH_TYPE),
        (' {"name": [{"text": "[<Parameters>"}]}', MERGE_PATCH_TYPE),
        ('{"resourceType": "Patient", "active": true}', MERGE_PATCH_TYPE),
        ('{"resourceType": "Parameters", "parameter": []}', FHIRPATH_PATCH_TYPE),
        ('<Parameters xmlns="http://hl7.org/fhir"/>', "application/fhir+xml"),
        ('{"active": tru', "application/fhir+json"),
    ],
)
def test_curl_names_the_format_that_the_body_has(body: str, media_type: str) -> None:
    request = build_request(Draft("patch", "Patient", "p1", body=body), PATCH, BASE)
    command = render_curl(request)
    assert f"Content-Type: {media_type}" in shlex.split(command)
    again = draft_from_paste(command, BASE)
    assert (again.operation, again.body.strip()) == ("patch", body.strip())
    assert build_request(again, PATCH, BASE).headers == request.headers


@pytest.mark.parametrize(
    ("stated", "offered"),
    [
        (["application/json-patch+json"], ["json-patch"]),
        (
            ["application/fhir+xml", "application/fhir+json", "application/json-patch+json"],
            ["json-patch", "fhirpath-patch"],
        ),
        (["application/xml-patch+xml"], list(FORMATS)),
        (None, list(FORMATS)),
        (7, list(FORMATS)),
    ],
)
def test_only_the_formats_that_a_server_states_are_offered(stated: Any, offered: list[str]) -> None:
    found = read_statement({"resourceType": "CapabilityStatement", "patchFormat": stated})
    assert [each.key for each in patch_titles(found.patch_formats)] == offered


def test_openapi_names_each_format_of_a_patch(explorer: Client, deployment: Deployment) -> None:
    document: Any = fetch(explorer, "openapi", deployment, "Patient")
    body = document["paths"]["/Patient/{id}"]["patch"]["requestBody"]
    assert body == {"$ref": "#/components/requestBodies/Patch"}
    assert set(document["components"]["requestBodies"]["Patch"]["content"]) == set(FORMATS.values())
    assert json.dumps(document)
