"""Bulk Data access: asked for, awaited, fetched and deleted by one client; nothing for anybody else."""

import json
from pathlib import Path

import pytest
from pytest_django import Settings

from credentials.access import FULL, Access, AccessKind
from deployments import job_runner
from deployments.models import Deployment, Job
from deployments.sizes import get_size
from gateway.bulk import POLLS_A_SECOND
from tests.gateway.conftest import Caller, caller_of

PATIENT = json.dumps({"resourceType": "Patient", "gender": "female"})
OTHER = json.dumps({"resourceType": "Organization", "name": "Acme"})


@pytest.fixture(autouse=True)
def _files(settings: Settings, tmp_path: Path) -> None:
    settings.TRANSFER_DIR = tmp_path


def _filled(full: Caller) -> str:
    """Two resources; returns the id of the patient."""
    full("POST", "Organization", OTHER)
    return str(json.loads(full("POST", "Patient", PATIENT).content)["id"])  # type: ignore[attr-defined]


def _kick_off(caller: Caller, path: str = "$export") -> str:
    """The path of the status, below the base."""
    response = caller("GET", path, prefer="respond-async")
    assert response.status_code == 202, response.content  # type: ignore[attr-defined]
    return response["Content-Location"].split("/r4/", 1)[1]


def _manifest(caller: Caller, status: str) -> dict[str, int]:
    """Type to count."""
    assert caller("GET", status).status_code == 202
    job_runner.run(Job.objects.latest("pk").pk)
    response = caller("GET", status)
    assert response.status_code == 200
    body = json.loads(response.content)  # type: ignore[attr-defined]
    assert body["requiresAccessToken"] is True
    return {file["type"]: file["count"] for file in body["output"]}


def test_an_export_is_asked_for_awaited_fetched_and_deleted(full: Caller) -> None:
    patient = _filled(full)
    status = _kick_off(full)
    assert _manifest(full, status) == {"Organization": 1, "Patient": 1}
    response = full("GET", f"{status}/Patient.ndjson")
    assert response["Content-Type"] == "application/fhir+ndjson"
    (line,) = response.getvalue().splitlines()  # type: ignore[attr-defined]
    assert json.loads(line)["id"] == patient
    assert full("DELETE", status).status_code == 202
    assert full("GET", status).status_code == 404


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Patient/$export", {"Patient": 1}),
        ("$export?_type=Organization", {"Organization": 1}),
        ("$export?_until=1999-01-01T00:00:00Z", {}),
        ("$export?_outputFormat=application/fhir%2Bndjson&_type=Patient", {"Patient": 1}),
    ],
)
def test_what_is_exported_can_be_chosen(full: Caller, path: str, expected: dict[str, int]) -> None:
    _filled(full)
    assert _manifest(full, _kick_off(full, path)) == expected


def test_only_the_client_that_asked_gets_the_files(full: Caller, deployment: Deployment) -> None:
    _filled(full)
    status = _kick_off(full)
    _manifest(full, status)
    another = caller_of(deployment, FULL)
    for method, path in (("GET", status), ("GET", f"{status}/Patient.ndjson"), ("DELETE", status)):
        assert another(method, path).status_code == 404
    assert caller_of(deployment, None)("GET", status).status_code == 401


def test_a_narrow_key_exports_only_what_it_may_read(full: Caller, deployment: Deployment) -> None:
    _filled(full)
    narrow = caller_of(deployment, Access(AccessKind.CHOSEN, {"Organization": "r"}))
    assert _manifest(narrow, _kick_off(narrow)) == {"Organization": 1}


@pytest.mark.parametrize(
    ("path", "prefer", "said"),
    [
        ("$export", "", "respond-async"),
        ("$export?_type=Pation", "respond-async", "Pation"),
        ("$export?_since=yesterday", "respond-async", "_since"),
        ("$export?_outputFormat=csv", "respond-async", "_outputFormat"),
        ("$export?patient=1", "respond-async", "patient"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_name(
    full: Caller, path: str, prefer: str, said: str
) -> None:
    response = full("GET", path, prefer=prefer)
    assert response.status_code == 400
    assert said in response.content.decode()  # type: ignore[attr-defined]


def test_the_size_limits_how_many_exports_run(full: Caller, deployment: Deployment) -> None:
    for _ in range(get_size(deployment.size).bulk_jobs):
        _kick_off(full)
    response = full("GET", "$export", prefer="respond-async")
    assert response.status_code == 429
    assert response["Retry-After"]


def test_an_export_is_asked_for_in_xml(full: Caller) -> None:
    _filled(full)
    asked = (
        b'<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="_type"/>'
        b'<valueString value="Patient"/></parameter></Parameters>'
    )
    response = full("POST", "$export", asked, prefer="respond-async", content_type="application/fhir+xml")
    assert response.status_code == 202, response.content  # type: ignore[attr-defined]
    assert _manifest(full, response["Content-Location"].split("/r4/", 1)[1]) == {"Patient": 1}
    for body, kind, status in (
        (b"{}", "application/fhir+json", 400),
        (b"<a>", "application/fhir+xml", 400),
        (b'{"resourceType":"Patient"}', "application/fhir+json", 400),
        (b"_type=Patient", "text/plain", 415),
    ):
        answered = full("POST", "$export", body, prefer="respond-async", content_type=kind)
        assert answered.status_code == status, body


def test_who_asks_for_the_status_without_a_pause_is_told_to_wait(full: Caller) -> None:
    _filled(full)
    status = _kick_off(full)
    found = [full("GET", status) for _ in range(4 * POLLS_A_SECOND)]
    assert {one.status_code for one in found} == {202, 429}
    told = next(one for one in found if one.status_code == 429)
    assert told["Retry-After"] == "1"
    assert json.loads(told.content)["issue"][0]["code"] == "throttled"  # type: ignore[attr-defined]
    assert full("DELETE", status).status_code == 202


def test_a_files_size_is_told_where_it_comes_as_it_is(full: Caller) -> None:
    _filled(full)
    status = _kick_off(full)
    _manifest(full, status)
    file = f"{status}/Patient.ndjson"
    size = str(len(full("GET", file).getvalue()))  # type: ignore[attr-defined]
    assert full("GET", file)["Content-Length"] == full("HEAD", file)["Content-Length"] == size
    packed = full("GET", file, accept_encoding="gzip")
    assert packed["Content-Encoding"] == "gzip"
    assert "Content-Length" not in packed
