"""Deployments, the regions that hold their data, and the jobs that work on them."""

from deployments.models.deployment import Deployment, ServiceLevel, State
from deployments.models.job import Job, JobState, PeriodicRun
from deployments.models.region import Region
from deployments.models.usage import RunningDay, UsageDay

__all__ = [
    "Deployment",
    "Job",
    "JobState",
    "PeriodicRun",
    "Region",
    "RunningDay",
    "ServiceLevel",
    "State",
    "UsageDay",
]
