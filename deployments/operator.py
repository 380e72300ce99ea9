"""What the operator's page says about regions and deployments."""

from django.db.models import Count

from deployments.models import Deployment, Job, JobState, Region
from portal.operator import OperatorSection


def regions_section() -> OperatorSection:
    regions = Region.objects.annotate(count=Count("deployments")).order_by("provider", "title")
    rows = tuple(
        (
            region.provider,
            region.title,
            "yes" if region.is_open else "no",
            "yes" if region.highly_available else "no",
            str(region.count),
        )
        for region in regions
    )
    return OperatorSection(
        "Regions",
        ("Provider", "Region", "Open", "Highly available", "Deployments"),
        rows,
        ("Edit regions", "operator:regions"),
    )


def states_section() -> OperatorSection:
    """Deployments by state, and the jobs that wait, run or failed."""
    states = Deployment.objects.values_list("state").annotate(count=Count("pk")).order_by("state")
    waiting = [JobState.QUEUED, JobState.RUNNING, JobState.FAILED]
    jobs = (
        Job.objects.filter(state__in=waiting)
        .values_list("state")
        .annotate(count=Count("pk"))
        .order_by("state")
    )
    rows = tuple(("Deployments", state.capitalize(), str(count)) for state, count in states)
    rows += tuple(("Jobs", state.capitalize(), str(count)) for state, count in jobs)
    return OperatorSection("Work", ("What", "State", "How many"), rows, ("All jobs", "operator:jobs"))
