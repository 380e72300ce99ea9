"""The guides of a partition as this process knows them: asked for on every request, read from the store once a second.

A process learns of a change within `LIFETIME`; whoever made it forgets at once.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from fhirserver.connection import fetch
from fhirserver.guides.guide import Brought, Guide
from fhirserver.outcomes import Conflict
from fhirspec.definitions import SearchParameter

if TYPE_CHECKING:
    from fhirserver.partitions import Partition

LIFETIME = 1.0


class Writes(StrEnum):
    """Which profiles a resource has to meet to be stored: none; those it claims; besides, for a type that guides have profiles of,
    at least one of these."""

    OFF = "off"
    DECLARED = "declared"
    ENFORCED = "enforced"


@dataclass(frozen=True, eq=False)
class Guides:
    """Everything that the guides of one partition add to R4. `unready`: types whose earlier resources are still being indexed."""

    version: int
    writes: Writes
    unready: frozenset[str]
    installed: tuple[Guide, ...]

    @cached_property
    def parameters(self) -> Mapping[str, Mapping[str, SearchParameter]]:
        """Type to code to parameter. Guides that give one code to one type are searched as a union."""
        found: dict[str, dict[str, SearchParameter]] = {}
        for one in (one for guide in self.installed for one in guide.parameters):
            same = found.setdefault(one.base, {}).get(one.code)
            if same is None:
                found[one.base][one.code] = one
            elif one.expression not in same.expression:
                joined = f"{same.expression} | {one.expression}"
                found[one.base][one.code] = msgspec.structs.replace(same, expression=joined)
        return found

    def added_to(self, resource_type: str) -> tuple[SearchParameter, ...]:
        """The parameters of a type that need rows of their own."""
        return tuple(self.parameters[resource_type].values()) if resource_type in self.parameters else ()

    @cached_property
    def profiles(self) -> Mapping[str, tuple[str, ...]]:
        """Resource type to the canonical URLs of its profiles."""
        found: dict[str, tuple[str, ...]] = {}
        for guide in self.installed:
            for resource_type, urls in guide.profiles.items():
                found[resource_type] = tuple(dict.fromkeys((*found.get(resource_type, ()), *urls)))
        return found

    @cached_property
    def _by_url(self) -> Mapping[str, Brought]:
        return {one.url: one for guide in self.installed for one in guide.resources}

    def brought(self, canonical: str) -> Brought | None:
        """The resource of a canonical URL (`url|version`) that a guide brought."""
        url, _, version = canonical.partition("|")
        found = self._by_url.get(url)
        return found if found is not None and version in ("", found.version) else None

    @cached_property
    def _owners(self) -> Mapping[int, str]:
        return {one.rid: guide.name for guide in self.installed for one in guide.resources}

    def require_unowned(self, rids: Iterable[int]) -> None:
        """Raises Conflict for a resource that a guide brought: it changes with its guide only."""
        if not self.installed:
            return
        owner = next((self._owners[rid] for rid in rids if rid in self._owners), None)
        if owner is not None:
            raise Conflict(
                f"This resource belongs to the implementation guide {owner}: it changes when the guide is installed again or removed."
            )


NO_GUIDES = Guides(0, Writes.OFF, frozenset(), ())
_held: dict[tuple[str, int], tuple[float, Guides]] = {}
_decode = msgspec.json.Decoder(Guide).decode


def guides_of(partition: "Partition") -> Guides:
    """At most `LIFETIME` seconds old."""
    key = (partition.region, partition.number)
    now = time.monotonic()
    held = _held.get(key)
    if held is not None and now - held[0] < LIFETIME:
        return held[1]
    # The time is taken before the look-up: what it reads may be that old.
    found = _read(*key, held[1] if held is not None else NO_GUIDES)
    _held[key] = (now, found)
    return found


def forget_guides(region: str, number: int) -> None:
    """Read the partition's guides again when they are asked for next."""
    _held.pop((region, number), None)


def _read(region: str, number: int, known: Guides) -> Guides:
    rows = fetch(
        region, "SELECT version, writes, unready FROM fhir_definitions WHERE partition = %s", [number]
    )
    if not rows:
        return NO_GUIDES
    version, writes, unready = rows[0]
    kept = Writes(writes), frozenset(msgspec.json.decode(unready))
    if version == known.version:
        return known if kept == (known.writes, known.unready) else Guides(version, *kept, known.installed)
    contents = fetch(region, "SELECT content FROM fhir_guide WHERE partition = %s ORDER BY name", [number])
    return Guides(version, *kept, tuple(_decode(bytes(content)) for (content,) in contents))
