"""The tour's last step is ticked by a request from outside, and by nothing that these pages send themselves."""

import pytest
from django.test import Client
from django.urls import reverse

from deployments.models import Deployment
from explorer.models import TourStep
from gateway.models import RequestLog
from gateway.recorder import recorder
from tests.explorer.test_execution import create, page_of

pytestmark = pytest.mark.django_db(databases="__all__")


def last_step_done(explorer: Client, deployment: Deployment) -> bool:
    recorder.flush()
    explorer.get(reverse("explorer:tour", args=[deployment.pk]))
    return TourStep.objects.filter(deployment=deployment, step="outside").exists()


def test_requests_of_the_pages_do_not_end_the_tour(explorer: Client, deployment: Deployment) -> None:
    logical_id = create(explorer, deployment)
    read = {".do": "read", ".id": logical_id}
    b"".join(explorer.get(reverse("explorer:download", args=[deployment.pk, "Patient"]), read))
    explorer.post(page_of(deployment), {".do": "delete", ".id": logical_id, ".dry": "1"})
    assert not last_step_done(explorer, deployment)


def test_the_key_used_from_outside_ends_the_tour_for_good(
    explorer: Client, deployment: Deployment, api_key: str
) -> None:
    create(explorer, deployment)
    Client().get(f"/fhir/{deployment.pk}/r4/Patient", headers={"x-api-key": api_key})
    assert last_step_done(explorer, deployment)
    RequestLog.objects.all().delete()
    page = explorer.get(reverse("explorer:tour", args=[deployment.pk])).text
    assert page.split("Take it with you")[0].rpartition("<li")[2].startswith(' class="done"')


def test_the_trace_of_an_answer_opens_at_once(explorer: Client, deployment: Deployment) -> None:
    text = explorer.get(page_of(deployment), {".do": "search", ".run": "1"}).text
    trace = text.partition('">Trace</a>')[0].rpartition('"')[2]
    assert explorer.get(trace).status_code == 200
