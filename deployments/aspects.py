"""What a comparison says of a deployment itself: its settings, and what its FHIR server can do."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from deployments.comparison import Aspect, Trait
from deployments.guide_services import change_writes, get_guides
from deployments.models import Deployment
from deployments.services import change_access_settings, change_limits, change_service_level, change_size
from deployments.sizes import get_size
from fhirserver import engine
from fhirserver.access import FULL
from fhirserver.http import FhirRequest
from fhirserver.partitions import Partition
from fhirspec import json
from portal.models import User

SERVICE_LEVEL, SIZE, ORIGINS, MESSAGE = "Service level", "Size", "Allowed origins", "Maintenance message"
RATE, LARGEST, WRITES = "Requests a second", "Largest body", "Profiles on writes"


def _settings(deployment: Deployment) -> Iterator[Trait]:
    yield Trait(SERVICE_LEVEL, deployment.get_service_level_display(), movable=True)
    yield Trait(SIZE, get_size(deployment.size).title, movable=True)
    yield Trait("High availability", "Yes" if deployment.high_availability else "No")
    yield Trait("Region", str(deployment.region))
    yield Trait(ORIGINS, ", ".join(deployment.allowed_origins) or "None", movable=True)
    yield Trait(MESSAGE, deployment.maintenance_message or "None", movable=True)
    yield Trait(RATE, str(deployment.requests_per_second or "As the size allows"), movable=True)
    largest = deployment.largest_body
    yield Trait(LARGEST, f"{largest:,} bytes" if largest else "As the installation allows", movable=True)
    if deployment.partition is not None:
        yield Trait(WRITES, get_guides(deployment).writes.value.capitalize(), movable=True)


def _take_setting(source: Deployment, target: Deployment, name: str, by: User) -> None:
    if name == SERVICE_LEVEL:
        change_service_level(target, source.service_level, by=by)
    elif name == SIZE:
        change_size(target, source.size, by=by)
    elif name in (RATE, LARGEST):
        rate = (source if name == RATE else target).requests_per_second
        largest = (source if name == LARGEST else target).largest_body
        change_limits(target, rate, largest, by=by)
    elif name == WRITES:
        change_writes(target, get_guides(source).writes.value, by=by)
    else:
        origins = source.allowed_origins if name == ORIGINS else target.allowed_origins
        message = source.maintenance_message if name == MESSAGE else target.maintenance_message
        change_access_settings(target, origins, message, by=by)


def _capabilities(deployment: Deployment) -> Iterator[Trait]:
    """From the CapabilityStatement; of a connected server only where it is, its own page in the explorer shows the rest."""
    if deployment.upstream or deployment.partition is None:
        yield Trait(
            "FHIR server", f"Connected: {deployment.upstream}" if deployment.upstream else "Not ready yet"
        )
        return
    partition = Partition(deployment.region.database, deployment.partition)
    answer = engine.respond(FhirRequest("GET", "metadata", base_url="urn:compared"), partition, FULL)
    statement = json.decode(answer.body if isinstance(answer.body, bytes) else b"".join(answer.body))
    software = statement["software"]
    yield Trait("FHIR server", f"{software['name']} {software['version']}, FHIR {statement['fhirVersion']}")
    yield Trait("Implementation guides", ", ".join(statement.get("implementationGuide", [])) or "None")
    for resource in statement["rest"][0]["resource"]:
        yield Trait(resource["type"], _words(resource))


def _words(resource: dict[str, Any]) -> str:
    counts = Counter(
        {part: len(resource.get(part, ())) for part in ("interaction", "searchParam", "operation")}
    )
    profiles = ", ".join(sorted(url.rsplit("/", 1)[-1] for url in resource.get("supportedProfile", ())))
    text = (
        f"{counts['interaction']} interactions, {counts['searchParam']} search parameters,"
        f" {counts['operation']} operations"
    )
    return f"{text}; profiles {profiles}" if profiles else text


SETTINGS = Aspect("settings", "Settings", _settings, _take_setting)
CAPABILITIES = Aspect("capabilities", "FHIR server", _capabilities)
