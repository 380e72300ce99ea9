"""A message broker that is away keeps nobody waiting: the job is written, says what it waits for, and goes on by itself."""

from datetime import timedelta

import pytest
from celery import Celery
from django.conf import settings
from django.utils import timezone

from deployments import job_runner, job_sweeper, jobs
from deployments.jobs import Kind, Step
from deployments.models import Deployment, Job, JobState
from portal.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["amqp://guest:guest@127.0.0.1:1//", "redis://127.0.0.1:1/0"])
def without_broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The product's own settings, but nothing listens where the broker is."""
    app = Celery("without", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.conf.broker_url = request.param
    app.conf.broker_transport_options = dict(settings.BROKER_PATIENCE)
    monkeypatch.setattr(jobs, "current_app", app)

    def wait(seconds: float) -> None:
        assert seconds < 0.1, f"the request would wait {seconds} s"

    monkeypatch.setattr("kombu.utils.functional.sleep", wait)


def test_a_job_without_a_broker_is_kept_at_once_and_says_what_it_waits_for(
    without_broker: None, deployment: Deployment, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs.register_kind(Kind("idle", "Idle", (Step("step", "Step", lambda progress: None),)))
    monkeypatch.setitem(jobs._kinds, "idle", jobs._kinds.pop("idle"))
    job = jobs.start("idle", deployment, alice)
    jobs.send(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    assert job.current_step is not None
    assert "broker" in job.current_step["detail"]

    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    monkeypatch.setattr(jobs, "send", job_runner.run)
    job_sweeper.sweep()
    job.refresh_from_db()
    assert (job.state, job.steps[0]["detail"]) == (JobState.DONE, "")
