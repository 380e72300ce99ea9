"""What the tests of loading have in common: some resources, and jobs that run as a worker would run them."""

import json
from collections.abc import Callable

from deployments import job_runner
from deployments.models import Deployment, Job
from fhirserver import partitions

PATIENT = {"resourceType": "Patient", "id": "ada", "gender": "female"}
UNNAMED = {"resourceType": "Patient", "gender": "male"}
BAD = {"resourceType": "Patient", "gender": "robot", "birthDate": "yesterday"}

Send = Callable[..., Job]


def stored(deployment: Deployment) -> dict[str, int]:
    assert deployment.partition is not None
    return partitions.counts_by_type(partitions.Partition("region_local", deployment.partition))


def run_newest(deployment: Deployment) -> Job:
    job = deployment.jobs.first()
    assert job is not None
    job_runner.run(job.pk)
    job.refresh_from_db()
    return job


def ndjson(*resources: object) -> bytes:
    return b"".join(json.dumps(resource).encode() + b"\n" for resource in resources)


def puts(count: int) -> list[dict[str, object]]:
    """Entries that each write a patient of their own."""
    return [
        {
            "resource": {**PATIENT, "id": f"p{number}"},
            "request": {"method": "PUT", "url": f"Patient/p{number}"},
        }
        for number in range(count)
    ]


def bundle_of(kind: str, entries: list[dict[str, object]]) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()
