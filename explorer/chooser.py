"""The chooser of resource types: grouped by module, with what this deployment supports and holds."""

from dataclasses import dataclass

from django.core.cache import cache
from django.db import DatabaseError

from explorer import definitions
from explorer.bench import Bench, bench_url
from explorer.models import ForeignServer
from explorer.targets import Target
from fhirserver.partitions import Partition, counts_by_type

COUNTED_SECONDS = 15


@dataclass(frozen=True)
class ChosenType:
    facts: definitions.TypeFacts
    url: str
    supported: bool
    held: int
    current: bool


@dataclass(frozen=True)
class Group:
    name: str
    types: tuple[ChosenType, ...]


def choose(bench: Bench) -> list[Group]:
    """All resource types of R4 by module."""
    held = count_held(bench.deployment)
    supported = bench.capabilities.resources
    # One reversed URL serves all: the type is its last part.
    start = bench_url(bench.deployment, "")
    return [
        Group(
            module.name,
            tuple(
                ChosenType(
                    facts,
                    f"{start}{facts.name}/",
                    facts.name in supported,
                    held.get(facts.name, 0),
                    facts.name == bench.resource_type,
                )
                for facts in module.types
            ),
        )
        for module in definitions.list_modules()
    ]


def count_held(deployment: Target) -> dict[str, int]:
    """How many resources of each type an embedded deployment holds; counted at most every few seconds."""
    if isinstance(deployment, ForeignServer) or deployment.partition is None or deployment.upstream:
        return {}
    key = f"explorer:held:{deployment.pk}"
    found: dict[str, int] | None = cache.get(key)
    if found is None:
        try:
            found = counts_by_type(Partition(deployment.region.database, deployment.partition))
        except DatabaseError:
            # A region out of reach must not take the documentation with it.
            found = {}
        cache.set(key, found, COUNTED_SECONDS)
    return found
