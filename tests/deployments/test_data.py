"""The Data tab: presets, export, clear, and who may do what."""

import json
from dataclasses import replace

import pytest
from django.test import Client

from deployments import data_jobs
from deployments.models import Deployment, JobState, State
from deployments.sizes import SMALLEST
from portal.models import Membership, Role, User
from tests.deployments.loading import PATIENT, UNNAMED, Send, ndjson, run_newest, stored

pytestmark = pytest.mark.django_db(databases=["default", "region_local"])


def test_a_load_that_does_not_fit_is_refused(
    send: Send, running: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_jobs, "get_size", lambda code: replace(SMALLEST, stored_resources=1))
    job = send(ndjson(PATIENT, UNNAMED))
    assert job.state == JobState.FAILED
    assert "the size allows 1" in job.error


def test_an_export_gives_back_what_was_loaded(send: Send, alices: Client, running: Deployment) -> None:
    send(ndjson(PATIENT))
    alices.post(f"/deployments/{running.pk}/data/export/")
    job = run_newest(running)
    assert job.state == JobState.DONE
    response = alices.get(f"/deployments/{running.pk}/data/{job.pk}/Patient.ndjson")
    (line,) = b"".join(response.streaming_content).splitlines()  # type: ignore[attr-defined]
    assert json.loads(line)["gender"] == "female"
    assert alices.get(f"/deployments/{running.pk}/data/{job.pk}/errors.ndjson").status_code == 404
    assert alices.get(f"/deployments/{running.pk}/data/{job.pk}/Person.ndjson").status_code == 404


def test_clearing_needs_the_typed_name(send: Send, alices: Client, running: Deployment) -> None:
    send(ndjson(PATIENT))
    path = f"/deployments/{running.pk}/data/clear/"
    assert alices.post(path, {"clear-name": "Ward 8"}).status_code == 400
    alices.post(path, {"clear-name": "Ward 7"})
    assert run_newest(running).state == JobState.DONE
    assert stored(running) == {}


def test_the_size_limits_how_many_jobs_run_at_a_time(alices: Client, running: Deployment) -> None:
    alices.post(f"/deployments/{running.pk}/data/export/")
    page = alices.post(f"/deployments/{running.pk}/data/export/", follow=True)
    assert "1 bulk job at a time" in page.content.decode()
    assert running.jobs.count() == 1


def test_a_stopped_deployment_takes_no_data(alices: Client, running: Deployment) -> None:
    Deployment.objects.update(state=State.STOPPED)
    page = alices.post(f"/deployments/{running.pk}/data/preset/", {"preset": "synthea-5"}, follow=True)
    assert "has to be running" in page.content.decode()


def test_a_preset_that_does_not_fit_or_exist_is_refused(alices: Client, running: Deployment) -> None:
    for code, reason in (("synthea-50", "does not fit"), ("nonsense", "no such data set")):
        page = alices.post(f"/deployments/{running.pk}/data/preset/", {"preset": code}, follow=True)
        assert reason in page.content.decode()


MATRIX = [
    ("get", "data/", Role.READ),
    ("post", "data/preset/", Role.WRITE),
    ("post", "data/import/", Role.WRITE),
    ("post", "data/uploads/", Role.WRITE),
    ("get", "data/uploads/upload-0123456789abcdef/", Role.WRITE),
    ("patch", "data/uploads/upload-0123456789abcdef/", Role.WRITE),
    ("post", "data/export/", Role.WRITE),
    ("get", "data/1/errors.ndjson", Role.WRITE),
    ("get", "data/1/Patient.ndjson", Role.WRITE),
    ("post", "data/clear/", Role.ADMIN),
]


@pytest.mark.parametrize(("method", "below", "role"), MATRIX)
def test_each_page_and_action_asks_for_its_role(
    client: Client, running: Deployment, bob: User, charlie: User, method: str, below: str, role: Role
) -> None:
    path = f"/deployments/{running.pk}/{below}"
    assert getattr(client, method)(path)["Location"].startswith("/accounts/login/")
    client.force_login(charlie)
    assert getattr(client, method)(path).status_code == 404
    client.force_login(bob)
    for has in Role:
        Membership.objects.filter(user=bob).update(role=has)
        status = getattr(client, method)(path).status_code
        assert (status == 403) == (has < role), (has, status)


def test_past_work_leaves_room_for_the_upload(send: Send, running: Deployment, alices: Client) -> None:
    send(ndjson(PATIENT))
    first = running.jobs.get()
    for number in range(19):
        first.pk, first.arguments = None, {**first.arguments, "filename": f"file-{number}"}
        first.save()
    page = alices.get(f"/deployments/{running.pk}/data/").content.decode()
    shown, _, earlier = page.partition('<details class="earlier-work"')
    assert shown.count('<th scope="row">Import a file') == 3
    assert "17 earlier" in earlier
