"""Conformance resources that a deployment holds, found by their canonical URL."""

from typing import Any

from fhirserver.search.service import find_matches
from fhirserver.store import Store
from fhirspec import json


def stored_canonical(store: Store, canonical: str, *resource_types: str) -> dict[str, Any] | None:
    """The resource of one of these types with this canonical URL (`url|version`), if the caller may read it."""
    url, _, version = canonical.partition("|")
    query = [("url", url)] + ([("version", version)] if version else [])
    for resource_type in resource_types:
        if not store.grant.is_unconfined(resource_type, "r"):
            continue
        found = store.get_many(find_matches(store.partition, store.grant, resource_type, query, 1))
        for one in found.values():
            resource: dict[str, Any] = json.decode(one.content or b"{}")
            return resource
    return None
