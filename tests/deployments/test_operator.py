"""The operator's pages of regions and jobs."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from deployments import jobs, services
from deployments.models import Deployment, Job, JobState, Region, State
from deployments.selectors import list_open_regions
from portal.models import AuditEvent, Tenant, User

pytestmark = pytest.mark.django_db(databases="__all__")
PAGES = ("operator:regions", "operator:jobs")


@pytest.fixture
def operator(charlie: User, client: Client) -> Client:
    """No member of any tenant."""
    User.objects.filter(pk=charlie.pk).update(is_staff=True)
    client.force_login(charlie)
    return client


@pytest.fixture
def running(deployment: Deployment) -> Deployment:
    deployment.state = State.RUNNING
    deployment.save(update_fields=["state"])
    return deployment


@pytest.fixture
def job(running: Deployment) -> Job:
    return jobs.start("export", running, None)


@pytest.mark.parametrize("page", PAGES)
def test_only_operators_find_the_pages(page: str, client: Client, alice: User, tenant: Tenant) -> None:
    assert client.get(reverse(page)).status_code == 302
    client.force_login(alice)
    assert client.get(reverse(page)).status_code == 404


def test_a_tenants_owner_acts_on_no_job_as_operator(client: Client, alice: User, job: Job) -> None:
    client.force_login(alice)
    assert client.post(reverse("operator:job-cancel", args=[job.pk])).status_code == 404
    assert client.post(reverse("operator:job-retry", args=[job.pk])).status_code == 404


def sent(page: Client, **changes: str) -> dict[str, str]:
    forms = page.get(reverse("operator:regions")).context["forms"]
    fields = [field for part in (forms.management_form, *forms) for field in part]
    return {
        field.html_name: field.value() for field in fields if field.value() not in (None, False)
    } | changes


def test_a_region_is_renamed_and_closed(operator: Client, tenant: Tenant) -> None:
    names = list(Region.objects.order_by("name").values_list("name", flat=True))
    at = names.index("local")
    changes = {f"form-{at}-title": "Uppsala", f"form-{at}-provider": "Our own", f"form-{at}-closed": "on"}
    assert operator.post(reverse("operator:regions"), sent(operator, **changes)).status_code == 302
    region = Region.objects.get(name="local")
    assert (region.title, region.provider) == ("Uppsala", "Our own")
    assert region not in list_open_regions()
    with pytest.raises(ValidationError, match="takes no new deployments"):
        services.check_region(region, high_availability=False)
    event = AuditEvent.objects.get(action="operator.region_changed")
    assert (event.before["closed"], event.after["closed"]) == (False, True)


def test_where_every_region_is_closed_the_wizard_says_so(
    running: Deployment, alice: User, client: Client
) -> None:
    Region.objects.update(closed=True)
    client.force_login(alice)
    session = client.session
    options = {"size": "xs", "high_availability": False, "preset": "", "service": "embedded"}
    session["new_deployment"] = {"tenant": running.tenant.pk, "steps": {"options": options}}
    session.save()
    page = client.get(reverse("deployments:step", args=["cloud"])).content.decode()
    assert "No region takes new deployments" in page


def test_a_region_that_is_configured_again_stays_closed(tenant: Tenant) -> None:
    from deployments.regions import synchronise_regions

    Region.objects.update(closed=True)
    synchronise_regions()
    assert not list_open_regions().exists()


def test_a_job_is_cancelled_and_tried_again(operator: Client, job: Job) -> None:
    operator.post(reverse("operator:job-cancel", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    text = operator.get(reverse("operator:jobs") + "?state=CANCELLED").content.decode()
    assert "Try again" in text
    operator.post(reverse("operator:job-retry", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert "Try again" not in operator.get(reverse("operator:jobs") + "?state=QUEUED").content.decode()
    done = AuditEvent.objects.filter(action__startswith="operator.job_").order_by("pk")
    assert [event.action for event in done] == ["operator.job_cancelled", "operator.job_retried"]
    assert {event.tenant for event in done} == {job.deployment.tenant}


def test_work_that_a_deployment_does_not_wait_for_is_not_tried_again(
    operator: Client, running: Deployment
) -> None:
    job = jobs.start("stop", running, None)
    Job.objects.filter(pk=job.pk).update(state=JobState.FAILED)
    operator.post(reverse("operator:job-retry", args=[job.pk]))
    job.refresh_from_db()
    assert job.state == JobState.FAILED
