"""A deployment that fails is told to those who look after its tenant."""

import pytest
from django.core import mail

from deployments import job_runner, jobs, provisioning
from deployments.jobs import JobFault
from deployments.models import Deployment, State
from tests.portal.delivering import deliver_all


def test_administrators_get_the_reason_by_mail(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(database: str) -> None:
        raise JobFault("The region has no room.")

    monkeypatch.setattr(provisioning.partitions, "reserve", full)
    monkeypatch.setattr(jobs, "send", lambda job_id: None)
    job = jobs.start(provisioning.CREATE, deployment, None)
    job_runner.run(job.pk)
    deliver_all()
    deployment.refresh_from_db()
    assert deployment.state == State.FAILED
    (message,) = mail.outbox
    assert message.to == ["alice@example.org"]
    assert "The region has no room." in str(message.body)
