"""Celery tasks: they take ids and call the function that does the work."""

from celery import shared_task

from deployments import job_runner


@shared_task(name="deployments.tasks.run_job")
def run_job(job_id: int) -> None:
    job_runner.run(job_id)
