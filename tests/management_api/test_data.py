"""Data, settings, guides and comparison of deployments through the Management API."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deployments.job_runner import run
from deployments.models import Deployment, Job
from portal.models import AuditEvent, Role, Tenant, User
from tests.management_api.conftest import Api
from tests.world import running_deployment

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def path(deployment: Deployment) -> str:
    return f"deployments/{deployment.pk}/"


@pytest.fixture
def other(tenant: Tenant, deployment: Deployment) -> Deployment:
    """The tenant's test server: another size, and an origin."""
    return running_deployment(tenant, name="Ward 8", size="s", allowed_origins=["https://app.example"])


def upload(api: Api, path: str, content: bytes) -> str:
    name: str = api("post", f"{path}uploads/").json()["upload"]
    address = f"/api/v1/{path}uploads/{name}/"
    headers = {"Upload-Offset": "0"}
    sent = api.client.patch(address, content, content_type="application/octet-stream", headers=headers)
    assert sent.status_code == 200, sent.content
    return name


def import_lines(api: Api, path: str, *resources: dict[str, object]) -> Job:
    name = upload(api, path, b"".join(json.dumps(one).encode() + b"\n" for one in resources))
    made = api("post", f"{path}imports/", {"upload": name, "filename": "some.ndjson"}).json()
    run(made["id"])
    return Job.objects.get(pk=made["id"])


def content_of(response: Iterator[bytes]) -> bytes:
    return b"".join(response)


def test_what_can_be_chosen_is_listed_with_its_price(api: Api, db: None) -> None:
    sizes = api("get", "sizes/").json()["results"]
    assert [size["code"] for size in sizes] == ["xs", "s", "m", "l", "xl"]
    assert (sizes[0]["stored_resources"], sizes[0]["hour"]) == (100_000, 4)
    assert "local" in [region["name"] for region in api("get", "regions/").json()["results"]]
    presets = api("get", "presets/").json()["results"]
    assert [preset["patients"] for preset in presets] == [5, 20, 50]


def test_a_preset_is_loaded_by_a_job_if_it_fits(api: Api, path: str, deployment: Deployment) -> None:
    job = api("post", f"{path}presets/", {"preset": "synthea-5"})
    assert (job.status_code, job.json()["kind"]) == (202, "preset")
    assert api("post", f"{path}presets/", {"preset": "synthea-5"}).status_code == 409
    Job.objects.all().delete()
    too_large = api("post", f"{path}presets/", {"preset": "synthea-50"})
    assert (too_large.status_code, "does not fit" in too_large.json()["detail"]) == (409, True)


def test_an_export_leaves_files_that_are_listed_and_fetched(api: Api, path: str) -> None:
    import_lines(api, path, {"resourceType": "Patient", "id": "a"}, {"resourceType": "Person", "id": "b"})
    job = api("post", f"{path}exports/").json()
    run(job["id"])
    files = api("get", f"{path}jobs/{job['id']}/files/").json()["results"]
    assert {(file["name"], file["lines"]) for file in files} == {("Patient", 1), ("Person", 1)}
    answer = api("get", f"{path}jobs/{job['id']}/files/Patient/")
    assert answer.headers["Content-Type"] == "application/fhir+ndjson"
    assert json.loads(content_of(answer))["id"] == "a"
    assert api("get", f"{path}jobs/{job['id']}/files/Observation/").status_code == 404


def test_the_errors_of_an_import_are_one_of_its_files(api: Api, path: str) -> None:
    job = import_lines(api, path, {"resourceType": "Patient", "gender": 7})
    files = api("get", f"{path}jobs/{job.pk}/files/").json()["results"]
    assert [file["name"] for file in files] == ["errors"]
    first = content_of(api("get", f"{path}jobs/{job.pk}/files/errors/")).splitlines()[0]
    assert json.loads(first)["line"] == 1


def test_files_of_another_deployment_are_not_found(api: Api, path: str, other: Deployment) -> None:
    import_lines(api, path, {"resourceType": "Patient", "gender": 7})
    job = Job.objects.get()
    assert api("get", f"deployments/{other.pk}/jobs/{job.pk}/files/errors/").status_code == 404


def test_clearing_wants_the_name(api: Api, path: str, deployment: Deployment) -> None:
    import_lines(api, path, {"resourceType": "Patient", "id": "a"})
    wrong = api("post", f"{path}clear/", {"confirm": "Ward 8"})
    assert wrong.json()["errors"][0]["pointer"] == "#/confirm"
    assert api("get", f"{path}usage/").json()["resources"] == 1
    run(api("post", f"{path}clear/", {"confirm": "Ward 7"}).json()["id"])
    assert api("get", f"{path}usage/").json()["resources"] == 0


def test_settings_change_one_by_one_and_are_written_down(api: Api, path: str) -> None:
    changed = api("patch", f"{path}settings/", {"allowed_origins": ["https://App.example/"]})
    unlimited = {"requests_per_second": None, "largest_body": None}
    assert changed.json() == {
        "allowed_origins": ["https://app.example"],
        "maintenance_message": "",
        **unlimited,
    }
    api("patch", f"{path}settings/", {"maintenance_message": "Back at noon"})
    assert api("get", f"{path}settings/").json() == {
        "allowed_origins": ["https://app.example"],
        "maintenance_message": "Back at noon",
        **unlimited,
    }
    event = AuditEvent.objects.filter(action="deployment.settings").latest("pk")
    assert event.before["maintenance_message"] == ""
    wrong = api("patch", f"{path}settings/", {"allowed_origins": ["ftp://app.example"]})
    assert wrong.json()["errors"][0]["pointer"] == "#/allowed_origins"


def test_two_deployments_are_compared_and_what_is_chosen_taken_over(
    api: Api, path: str, deployment: Deployment, other: Deployment
) -> None:
    sections = {section["slug"]: section for section in api("get", f"{path}compare/?with={other.pk}").json()}
    rows = {row["name"]: row for row in sections["settings"]["different"]}
    assert (rows["Size"]["mine"], rows["Size"]["theirs"]) == ("Extra Small", "Small")
    asked = {"other": other.pk, "take": ["settings:Allowed origins", "settings:Region"]}
    assert api("post", f"{path}take-over/", asked).json() == {"taken": ["Allowed origins"]}
    assert api("get", f"{path}settings/").json()["allowed_origins"] == ["https://app.example"]
    assert api("get", f"{path}compare/").json()["errors"][0]["parameter"] == "with"


def test_a_deployment_of_another_tenant_cannot_be_compared(
    api: Api, path: str, charlie: User, other: Deployment
) -> None:
    foreign = Tenant.objects.create(name="Elsewhere", slug="elsewhere")
    foreign.memberships.create(user=charlie, role=Role.OWNER)
    Deployment.objects.filter(pk=other.pk).update(tenant=foreign)
    assert api("get", f"{path}compare/?with={other.pk}").status_code == 404
    assert api("post", f"{path}take-over/", {"other": other.pk, "take": ["a:b"]}).status_code == 404


def test_how_writes_are_checked_is_changed_and_guides_are_jobs(api: Api, path: str) -> None:
    assert api("patch", f"{path}guides/", {"writes": "declared"}).json()["writes"] == "declared"
    assert api("get", f"{path}guides/").json() == {
        "is_embedded": True,
        "writes": "declared",
        "guides": [],
        "unready": [],
    }
    nothing = api("post", f"{path}guides/", {"upload": "upload-0000000000000000"})
    assert nothing.status_code == 409
    assert api("delete", f"{path}guides/hl7.fhir.us.core/").status_code == 409
    job = api("post", f"{path}guides/", {"upload": upload(api, path, b"no package"), "filename": "a.tgz"})
    assert (job.status_code, job.json()["kind"]) == (202, "guide-install")
    run(job.json()["id"])
    assert Job.objects.get(pk=job.json()["id"]).state == "FAILED"


def test_an_existing_server_is_connected_and_its_credential_kept_sealed(
    api: Api, tenant: Tenant, plan: None, settings: Any
) -> None:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    asked = {
        "tenant": tenant.slug,
        "name": "Old server",
        "upstream": "http://127.0.0.1:9/fhir",
        "upstream_credential": "Authorization: Bearer not-to-be-seen",
    }
    made = api("post", "deployments/", asked)
    assert made.status_code == 202, made.content
    assert made.json()["upstream"] == "http://127.0.0.1:9/fhir"
    assert "not-to-be-seen" not in made.content.decode()
    assert "not-to-be-seen" not in Deployment.objects.get(pk=made.json()["id"]).upstream_credential
