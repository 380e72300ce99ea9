"""What the door knows of a deployment: a frozen copy of the few facts each request needs."""

from dataclasses import dataclass, replace

from deployments.endpoint import fhir_base
from deployments.models import Deployment, State
from deployments.selectors import get_deployment
from deployments.sizes import SMALLEST, Size, get_size
from fhirserver.partitions import Partition
from gateway.brief_memory import BriefMemory

SERVING = frozenset({State.RUNNING, State.UPDATING})
# The health check of a deployment that comes into being, or starts again, reads its metadata through the gateway.
METADATA_ONLY = frozenset({State.CREATING, State.STARTING})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`size` has the deployment's own limit of requests, where it has one; `largest_body` None: as the installation allows.
    `partition` is None for a connected server (then `upstream` is its base, and `other_addresses` are those that its own links
    begin with) and before provisioning."""

    deployment: Deployment
    deployment_id: str
    state: State
    size: Size
    partition: Partition | None
    upstream: str
    allowed_origins: frozenset[str] = frozenset()
    maintenance_message: str = ""
    largest_body: int | None = None
    other_addresses: tuple[str, ...] = ()

    @property
    def prepared(self) -> bool:
        """There is data behind it: our own, or a connected server's."""
        return self.partition is not None or bool(self.upstream)

    @property
    def serves(self) -> bool:
        return self.state in SERVING


def _look_up(deployment_id: str) -> Endpoint | None:
    deployment = get_deployment(deployment_id)
    if deployment is None:
        return None
    try:
        size = get_size(deployment.size)
    except KeyError:
        size = SMALLEST
    if deployment.requests_per_second:
        own = min(deployment.requests_per_second, size.requests_per_second)
        size = replace(size, requests_per_second=own)
    number = deployment.partition
    return Endpoint(
        deployment=deployment,
        deployment_id=deployment_id,
        state=State(deployment.state),
        size=size,
        partition=None
        if number is None
        else Partition(deployment.region.database, number, fhir_base(deployment)),
        upstream=deployment.upstream,
        allowed_origins=frozenset(deployment.allowed_origins),
        maintenance_message=deployment.maintenance_message,
        largest_body=deployment.largest_body,
        other_addresses=tuple(filter(None, [deployment.upstream_facts.get("address", "")])),
    )


endpoints: BriefMemory[str, Endpoint | None] = BriefMemory(_look_up)
