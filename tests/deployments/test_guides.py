"""The Guides tab: install, upgrade and remove a package, and hold writes to profiles. The jobs run as a worker would run them."""

import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from deployments import guide_jobs
from deployments.models import Deployment, Job, JobState
from deployments.sizes import get_size
from fhirserver import reindex
from fhirserver.guides.install import install
from fhirserver.guides.memory import Writes, guides_of
from fhirserver.partitions import Partition
from portal.models import AuditEvent, Membership, Role, User
from tests.deployments.loading import run_newest
from tests.fhirserver.client import Client as FhirClient
from tests.fhirserver.guides.packages import CLAN_PARAMETER, member_of, package

pytestmark = pytest.mark.django_db(databases=["default", "region_local"])


@pytest.fixture
def running(running: Deployment, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """As elsewhere, and indexed anew without a pause."""
    monkeypatch.setattr(reindex, "SETTLE", 0.0)
    return running


def stored(deployment: Deployment) -> Partition:
    assert deployment.partition is not None
    return Partition("region_local", deployment.partition)


def upload(client: Client, deployment: Deployment, content: bytes) -> str:
    """Send a package; the page that answers."""
    file = SimpleUploadedFile("clans.tgz", content)
    answer = client.post(f"/deployments/{deployment.pk}/guides/install/", {"package": file}, follow=True)
    return str(answer.content.decode())


def test_a_package_is_installed_and_shown(alices: Client, running: Deployment, tmp_path: Path) -> None:
    fhir = FhirClient(stored(running))
    fhir.create(member_of("fox"))
    needs = {"org.example.base": "2.0.0"}
    assert "being installed" in upload(alices, running, package([CLAN_PARAMETER], dependencies=needs))
    job = run_newest(running)
    assert (job.state, job.error) == (JobState.DONE, "")
    assert [step["state"] for step in job.steps] == [JobState.DONE] * 3
    assert job.result == {"guide": "org.example.clans", "version": "1.0.0"}
    page = alices.get(f"/deployments/{running.pk}/guides/").content.decode()
    for words in ("org.example.clans", "1.0.0", "Patient?clan", "org.example.base"):
        assert words in page
    assert fhir.get("Patient?clan=fox", prefer="handling=strict").json()["total"] == 1
    assert not list(tmp_path.rglob("upload-*"))


def test_a_guide_is_removed(alices: Client, running: Deployment) -> None:
    upload(alices, running, package([CLAN_PARAMETER]))
    run_newest(running)
    alices.post(f"/deployments/{running.pk}/guides/remove/", {"guide": "org.example.clans"})
    assert run_newest(running).state == JobState.DONE
    assert guides_of(stored(running)).installed == ()
    assert "No implementation guides yet" in alices.get(f"/deployments/{running.pk}/guides/").content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no package", "not a gzipped tar archive"),
        (package([CLAN_PARAMETER], fhirVersions=["5.0.0"]), "is for FHIR 5.0.0; this server is R4"),
    ],
)
def test_what_is_no_r4_package_is_refused_with_the_reason(
    alices: Client, running: Deployment, content: bytes, words: str
) -> None:
    upload(alices, running, content)
    job = run_newest(running)
    assert job.state == JobState.FAILED
    assert words in job.error
    assert words in alices.get(f"/deployments/{running.pk}/guides/").content.decode()


def test_one_guide_at_a_time(alices: Client, running: Deployment) -> None:
    upload(alices, running, package([CLAN_PARAMETER]))
    assert "Another guide is being worked on" in upload(alices, running, package([]))
    assert running.jobs.count() == 1


def test_an_indexing_that_was_cancelled_can_be_finished(alices: Client, running: Deployment) -> None:
    upload(alices, running, package([CLAN_PARAMETER]))
    run_newest(running)
    install(stored(running), package([]))
    page = alices.get(f"/deployments/{running.pk}/guides/").content.decode()
    assert "Not everything that is stored is indexed" in page
    alices.post(f"/deployments/{running.pk}/guides/index/")
    assert run_newest(running).state == JobState.DONE
    assert guides_of(stored(running)).unready == frozenset()


def test_writes_are_held_to_profiles_by_setting(alices: Client, running: Deployment) -> None:
    alices.post(f"/deployments/{running.pk}/guides/writes/", {"writes": "declared"})
    assert guides_of(stored(running)).writes == Writes.DECLARED
    event = AuditEvent.objects.get(action="guide.writes_changed")
    assert event.before == {"profiles on writes": "off"}
    assert event.after == {"profiles on writes": "declared"}
    answer = alices.post(f"/deployments/{running.pk}/guides/writes/", {"writes": "all"}, follow=True)
    assert "Choose one of the settings" in answer.content.decode()
    assert guides_of(stored(running)).writes == Writes.DECLARED


def test_clearing_the_data_leaves_the_guides(alices: Client, running: Deployment) -> None:
    upload(alices, running, package([CLAN_PARAMETER]))
    run_newest(running)
    alices.post(f"/deployments/{running.pk}/data/clear/", {"clear-name": "Ward 7"})
    assert run_newest(running).state == JobState.DONE
    fhir = FhirClient(stored(running))
    assert fhir.get("SearchParameter/patient-clan").status == 200


def test_an_installation_goes_on_where_its_own_resources_took_the_last_room(
    alices: Client, running: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = replace(get_size("xs"), stored_resources=2)
    monkeypatch.setattr(guide_jobs, "get_size", lambda code: room)
    FhirClient(stored(running)).create(member_of("fox"))
    upload(alices, running, package([CLAN_PARAMETER]))
    monkeypatch.setattr(guide_jobs, "install", lambda *given: (install(*given[:2]), sys.exit("killed")))
    with pytest.raises(SystemExit):
        run_newest(running)
    monkeypatch.setattr(guide_jobs, "install", install)
    Job.objects.update(lease_until=timezone.now() - timedelta(minutes=1))
    job = run_newest(running)
    assert (job.state, job.error) == (JobState.DONE, "")
    upload(
        alices,
        running,
        package([CLAN_PARAMETER, {**CLAN_PARAMETER, "id": "other", "url": "http://other.example"}]),
    )
    assert "2 resources are stored and 1 would come; the size allows 2" in run_newest(running).error


def test_an_audit_entry_says_who_installed_what(alices: Client, running: Deployment) -> None:
    upload(alices, running, package([CLAN_PARAMETER]))
    event = AuditEvent.objects.get(action="guide.install")
    assert (event.actor_name, event.after) == ("alice@example.org", {"filename": "clans.tgz"})


@pytest.mark.parametrize(
    ("role", "sees", "does"), [(Role.READ, 200, 403), (Role.WRITE, 200, 403), (Role.ADMIN, 200, 302)]
)
def test_who_may_see_and_do_what(
    client: Client, bob: User, running: Deployment, role: Role, sees: int, does: int
) -> None:
    Membership.objects.filter(user=bob).update(role=role)
    client.force_login(bob)
    base = f"/deployments/{running.pk}/guides/"
    page = client.get(base)
    assert page.status_code == sees
    assert ("Upload its package below" in page.content.decode()) == (role == Role.ADMIN)
    for action in ("install", "remove", "index", "writes"):
        assert client.post(f"{base}{action}/").status_code == does


def test_a_connected_servers_guides_are_elsewhere(alices: Client, running: Deployment) -> None:
    Deployment.objects.filter(pk=running.pk).update(partition=None, upstream="https://fhir.example.org")
    page = alices.get(f"/deployments/{running.pk}/guides/").content.decode()
    assert "connected FHIR server" in page
    assert "id_package" not in page
