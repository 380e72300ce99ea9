"""Finds jobs that nobody works on: their message was lost, their worker died, or their pause is over."""

from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from deployments import jobs
from deployments.models import Job, JobState

KEEP_ENDED = timedelta(days=90)


def sweep() -> int:
    """Send the message of every open job whose lease ran out again; returns how many."""
    now = timezone.now()
    waiting = Job.objects.filter(
        state__in=[JobState.QUEUED, JobState.RUNNING], lease_until__lt=now
    ).values_list("pk", "state")
    for job_id, state in waiting:
        # A queued job gets a new deadline for its message; a running one is claimed by whoever gets this message.
        if state == JobState.QUEUED:
            Job.objects.filter(pk=job_id, state=state).update(lease_until=now + jobs.MESSAGE_LOST_AFTER)
        jobs.send_again(job_id)
    return len(waiting)


def forget_old_jobs() -> None:
    """Delete what ended 90 days ago."""
    Job.objects.filter(finished__lt=timezone.now() - KEEP_ENDED).delete()


def hand_back() -> None:
    """What was under way when all workers were stopped in good order goes on with the next start; it was none of the jobs' attempts."""
    Job.objects.filter(state=JobState.RUNNING).update(
        state=JobState.QUEUED, attempts=F("attempts") - 1, lease_until=timezone.now()
    )


def free_all() -> None:
    """Give up every lease now. Only for a single machine whose workers have all stopped."""
    Job.objects.filter(state=JobState.RUNNING).update(lease_until=timezone.now())
