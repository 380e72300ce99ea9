"""Deployments, the regions that hold their data, and the jobs that work on them."""

from deployments.models.deployment import Deployment, ServiceLevel, State
from deployments.models.job import Job, JobState
from deployments.models.region import Region

__all__ = ["Deployment", "Job", "JobState", "Region", "ServiceLevel", "State"]
