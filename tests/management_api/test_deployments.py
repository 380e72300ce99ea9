"""Deployments, their jobs and uploads through the Management API."""

import pytest

from deployments.models import Deployment, Job
from portal.models import Membership, Role, Tenant, User
from tests.management_api.conftest import Api

pytestmark = pytest.mark.django_db(databases="__all__")


def test_a_deployment_is_created_and_its_job_can_be_watched(api: Api, tenant: Tenant, plan: None) -> None:
    asked = {"tenant": tenant.slug, "name": "Ward 9", "size": "xs", "preset": "", "service_level": "test"}
    made = api("post", "deployments/", asked)
    assert made.status_code == 202, made.content
    told = made.json()
    assert (told["state"], told["region"], told["service_level"]) == ("CREATING", "local", "test")
    jobs = api("get", f"deployments/{told['id']}/jobs/?state=QUEUED").json()["results"]
    assert [job["kind"] for job in jobs] == ["create"]
    job = api("get", f"deployments/{told['id']}/jobs/{jobs[0]['id']}/").json()
    assert job["steps"][0]["state"] == "QUEUED"


def test_each_fault_is_told_with_its_place(api: Api, tenant: Tenant, plan: None) -> None:
    asked = {"tenant": tenant.slug, "name": 7, "size": "huge", "high_availability": "yes"}
    problem = api("post", "deployments/", asked)
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert {fault["pointer"] for fault in problem.json()["errors"]} >= {"#/name", "#/high_availability"}
    asked = {"tenant": tenant.slug, "name": "Ward 9", "region": "mars"}
    faults = api("post", "deployments/", asked).json()["errors"]
    assert [fault["pointer"] for fault in faults] == ["#/region"]
    assert faults[0]["detail"].startswith("There is no such region. There are: local")
    faults = api("get", "deployments/?state=ASLEEP").json()["errors"]
    assert faults[0]["parameter"] == "state"


def test_the_plan_decides(api: Api, tenant: Tenant) -> None:
    refused = api("post", "deployments/", {"tenant": tenant.slug, "name": "Ward 9"})
    assert refused.status_code == 409
    assert refused.json()["detail"]


def test_lists_are_filtered_and_come_in_pages(api: Api, deployment: Deployment, tenant: Tenant) -> None:
    assert api("get", "deployments/?name=ward&state=RUNNING").json()["count"] == 1
    assert api("get", "deployments/?state=STOPPED").json()["count"] == 0
    assert api("get", f"deployments/?tenant={tenant.slug}&page_size=1").json()["next"] is None
    assert api("get", "deployments/?page=2").status_code == 404


def test_stop_is_a_job_and_stopping_twice_is_a_conflict(api: Api, deployment: Deployment) -> None:
    path = f"deployments/{deployment.pk}/"
    assert api("post", path + "stop/").json()["state"] == "STOPPING"
    twice = api("post", path + "stop/")
    assert (twice.status_code, twice.json()["detail"]) == (
        409,
        "One cannot stop a deployment while it is stopping.",
    )


def test_a_job_is_cancelled(api: Api, deployment: Deployment) -> None:
    path = f"deployments/{deployment.pk}/"
    api("post", path + "stop/")
    job = Job.objects.get()
    assert api("post", f"{path}jobs/{job.pk}/cancel/").json()["state"] == "CANCELLED"
    assert api("post", f"{path}jobs/{job.pk}/cancel/").status_code == 409


def test_deletion_wants_the_name(api: Api, deployment: Deployment) -> None:
    path = f"deployments/{deployment.pk}/"
    assert api("delete", path).json()["errors"][0]["parameter"] == "confirm"
    assert api("delete", path + "?confirm=other").json()["errors"][0]["parameter"] == "confirm"
    assert api("delete", path + "?confirm=Ward 7").json()["state"] == "DELETING"


def test_what_has_not_changed_is_not_sent_again(api: Api, deployment: Deployment) -> None:
    path = f"deployments/{deployment.pk}/"
    tag = api("get", path).headers["ETag"]
    assert api("get", path, if_none_match=tag).status_code == 304
    api("patch", path, {"service_level": "live"})
    assert api("get", path, if_none_match=tag).json()["service_level"] == "live"


def test_the_limit_is_told_with_every_answer(api: Api, deployment: Deployment) -> None:
    headers = api("get", "deployments/").headers
    assert headers["RateLimit-Limit"] == "600"
    assert (
        int(api("get", "deployments/").headers["RateLimit-Remaining"])
        == int(headers["RateLimit-Remaining"]) - 1
    )


def test_a_file_is_uploaded_in_parts_and_imported(api: Api, deployment: Deployment) -> None:
    path = f"deployments/{deployment.pk}/"
    upload = api("post", path + "uploads/").json()["upload"]
    part = f"/api/v1/{path}uploads/{upload}/"

    def send(offset: int, text: bytes) -> int:
        return api.client.patch(
            part, text, content_type="application/octet-stream", headers={"Upload-Offset": str(offset)}
        ).status_code

    assert send(0, b'{"resourceType": "Patient"') == 200
    assert send(0, b"again") == 409
    assert api("get", f"{path}uploads/{upload}/").json()["offset"] == 26
    assert send(26, b', "id": "1"}\n') == 200
    job = api("post", path + "imports/", {"upload": upload, "filename": "one.ndjson"})
    assert (job.status_code, job.json()["kind"]) == (202, "import")
    unknown = api("post", path + "imports/", {"upload": "0" * 16})
    assert unknown.status_code == 409


@pytest.mark.parametrize("has", list(Role))
def test_person_and_token_both_need_the_role(
    has: Role, deployment: Deployment, tenant: Tenant, alice: User, bob: User
) -> None:
    Membership.objects.filter(user=bob).update(role=has)
    for api in (Api(bob), Api(alice, has)):
        for path, role in (("stop/", Role.WRITE), ("uploads/", Role.WRITE), ("api-keys/", Role.ADMIN)):
            status = api("post", f"deployments/{deployment.pk}/{path}", {}).status_code
            assert (status == 403) == (has < role), (path, status)


def test_a_token_of_another_tenant_finds_nothing(deployment: Deployment, alice: User) -> None:
    Api(alice)("post", "tenants/", {"name": "Norra Clinic"})
    other = Tenant.objects.get(slug="norra-clinic")
    api = Api(alice, tenant=other)
    assert api("get", "deployments/").json()["count"] == 0
    assert api("get", f"deployments/{deployment.pk}/").status_code == 404


def test_other_addresses_are_problems_too(api: Api, db: None) -> None:
    nothing = api("get", "deployment")
    assert (nothing.status_code, nothing.headers["Content-Type"]) == (404, "application/problem+json")
