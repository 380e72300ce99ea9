"""The Python snippets, run as they are shown against the running product: httpx and fhirpy."""

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from explorer.building.criteria import parse_query
from explorer.building.draft import Draft
from explorer.building.interactions import SYSTEM_OPERATIONS, TYPE_OPERATIONS, Operation
from explorer.building.outgoing import Outgoing, build_request
from explorer.snippets.fhirpy import render_fhirpy
from explorer.snippets.python import render_python
from tests.functional.conftest import Product

EVERYTHING = Operation("$everything", "", "GET", "{type}/{id}/$everything", "", "", criteria=True)
OPERATIONS = {each.key: each for each in (*TYPE_OPERATIONS, *SYSTEM_OPERATIONS, EVERYTHING)}
MOREAU = '{"resourceType": "Patient", "id": "%s", "gender": "female", "name": [{"family": "Mor\\"eau\\" ü"}]}'
Run = Callable[[Draft], str]


@pytest.fixture(params=["httpx", "fhirpy"])
def run(request: pytest.FixtureRequest, product: Product) -> Run:
    """Runs the snippet of a draft; gives what it prints, without httpx's line of the status."""
    base = product.demo["fhir_base"]

    def source(asked: Outgoing) -> str:
        return render_python(asked) if request.param == "httpx" else render_fhirpy(asked, base)

    def ran(draft: Draft) -> str:
        code = source(build_request(draft, OPERATIONS[draft.operation], base))
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "FHIR_API_KEY": product.demo["api_key"]},
        )
        return done.stdout.split("\n", 1)[1] if request.param == "httpx" else done.stdout

    return ran


def test_snippets_write_read_search_and_delete(run: Run, request: pytest.FixtureRequest) -> None:
    name = f"snippet-{request.node.callspec.params['run']}"
    body = MOREAU % name
    assert json.loads(run(Draft("update", "Patient", name, body=body)))["meta"]["versionId"] == "1"
    changed = body.replace("female", "other")
    again = Draft("update", "Patient", name, body=changed, headers=(("If-Match", 'W/"1"'),))
    assert json.loads(run(again))["meta"]["versionId"] == "2"
    assert json.loads(run(Draft("read", "Patient", name)))["name"][0]["family"] == 'Mor"eau" ü'
    asked = parse_query(f'_id={name}&name:exact=Mor"eau" ü&birthdate:missing=true&_sort=-_lastUpdated')
    found = json.loads(run(Draft("search", "Patient", criteria=asked)))
    assert [entry["resource"]["id"] for entry in found["entry"]] == [name]
    record = json.loads(run(Draft("$everything", "Patient", name, criteria=parse_query("_count=2"))))
    assert record["entry"][0]["resource"]["gender"] == "other"
    assert json.loads(run(Draft("history", "Patient", name)))["total"] == 2
    run(Draft("delete", "Patient", name))
    assert json.loads(run(Draft("search", "Patient", criteria=asked))).get("entry", []) == []


def test_snippets_create_and_send_bundles(run: Run) -> None:
    made = json.loads(run(Draft("create", "Patient", body='{"resourceType": "Patient", "active": true}')))
    assert made["id"]
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": "GET", "url": f"Patient/{made['id']}"}}],
    }
    answered = json.loads(run(Draft("batch", body=json.dumps(bundle))))
    assert answered["entry"][0]["resource"] == made
