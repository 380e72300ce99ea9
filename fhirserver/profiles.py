"""Resources beside the profiles that a partition holds: those of its guides, and those that clients stored.

https://hl7.org/fhir/R4/profiling.html
"""

import threading
from functools import lru_cache
from typing import Any, NamedTuple

from fhirserver.access import FULL
from fhirserver.guides.memory import Guides, Writes, guides_of
from fhirserver.outcomes import Invalid, Issue
from fhirserver.partitions import Partition
from fhirserver.search.canonicals import stored_canonical
from fhirserver.store import Store
from fhirspec import json
from fhirspec.validation import Problem
from fhirspec.validation.profiles import ProfileChecker, UnusableProfile, must_support

Resource = dict[str, Any]
_CONFORMANCE = ("StructureDefinition", "ValueSet", "CodeSystem")

_checkers: dict[tuple[str, int], tuple[int, ProfileChecker]] = {}
_building = threading.Lock()


def checker_for(store: Store) -> ProfileChecker:
    """What this caller may validate against: everything here, or, where conformance resources are closed to them, what guides brought."""
    if all(store.grant.is_unconfined(name, "r") for name in _CONFORMANCE):
        return _shared(store.partition)
    guides = guides_of(store.partition)
    return ProfileChecker(
        lambda canonical: (
            _of_guide(store.partition, guides, canonical)
            or stored_canonical(store.partition, store.grant, canonical, *_CONFORMANCE)
        )
    )


def require_profiles(partition: Partition, resource: Resource) -> None:
    """Refuse a resource that lacks what the partition asks of writes. Raises Invalid with every problem."""
    guides = guides_of(partition)
    if guides.writes == Writes.OFF:
        return
    problems = _lacking(_shared(partition), guides, resource)
    if any(problem.is_error for problem in problems):
        raise Invalid(
            "The resource does not meet the profiles that this server asks for.", problems=issues_of(problems)
        )


class MustSupport(NamedTuple):
    """An element that a profile asks systems to support. `slice_name`: the one slice of it, empty for the element itself."""

    profile: str
    path: str
    slice_name: str


def must_support_in(partition: Partition, resource_type: str) -> list[MustSupport]:
    """What the profiles of the partition's guides ask for on a type, in their order."""
    checker = _shared(partition)
    found: list[MustSupport] = []
    for canonical in guides_of(partition).profiles.get(resource_type, ()):
        try:
            root = checker.profile(canonical)
        except UnusableProfile:
            continue
        found += [MustSupport(canonical, one.path, one.slice_name) for one in must_support(root)]
    return found


def issues_of(problems: list[Problem]) -> list[Issue]:
    return [Issue(one.code, one.message, severity=one.severity, expression=one.path) for one in problems]


def claimed_profiles(resource: Resource) -> list[str]:
    """What `meta.profile` names beyond the resource's own type."""
    own = f"http://hl7.org/fhir/StructureDefinition/{resource['resourceType']}"
    return [one for one in resource.get("meta", {}).get("profile", ()) if one != own]


def _lacking(checker: ProfileChecker, guides: Guides, resource: Resource) -> list[Problem]:
    problems: list[Problem] = []
    met: set[str] = set()
    for canonical in claimed_profiles(resource):
        try:
            problems += _named(checker.check(resource, canonical), canonical)
        except UnusableProfile:
            continue
        met.add(canonical.partition("|")[0])
    wanted = guides.profiles.get(resource["resourceType"], ())
    if guides.writes == Writes.DECLARED or not wanted or met & set(wanted):
        return problems
    return problems + _closest(checker, wanted, resource)


def _closest(checker: ProfileChecker, wanted: tuple[str, ...], resource: Resource) -> list[Problem]:
    """Nothing when one of the profiles is met, else what the nearest of them misses."""
    best: list[Problem] | None = None
    for canonical in wanted:
        problems = [one for one in checker.check(resource, canonical) if one.is_error]
        if not problems:
            return []
        if best is None or len(problems) < len(best):
            best = _named(problems, canonical)
    return best or []


def _named(problems: list[Problem], canonical: str) -> list[Problem]:
    return [
        Problem(one.severity, one.code, one.path, f"{one.message} (profile {canonical})") for one in problems
    ]


def _shared(partition: Partition) -> ProfileChecker:
    """One checker for as long as nothing changes, so that profiles and value sets are read once."""
    guides, key = guides_of(partition), (partition.region, partition.number)
    if guides.version == 0:
        return _checker(partition, guides)
    held = _checkers.get(key)
    if held is None or held[0] != guides.version:
        with _building:
            held = _checkers[key] = (guides.version, _checker(partition, guides))
    return held[1]


def _checker(partition: Partition, guides: Guides) -> ProfileChecker:
    @lru_cache(maxsize=4096)
    def find(canonical: str) -> Resource | None:
        return _of_guide(partition, guides, canonical) or stored_canonical(
            partition, FULL, canonical, *_CONFORMANCE
        )

    return ProfileChecker(find)


def _of_guide(partition: Partition, guides: Guides, canonical: str) -> Resource | None:
    brought = guides.brought(canonical)
    if brought is None or brought.type not in _CONFORMANCE:
        return None
    version = Store(partition, FULL).get(brought.type, brought.logical_id)
    if version is None or version.content is None:
        return None
    resource: Resource = json.decode(version.content)
    return resource


__all__ = [
    "MustSupport",
    "checker_for",
    "claimed_profiles",
    "issues_of",
    "must_support_in",
    "require_profiles",
]
