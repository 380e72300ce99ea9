"""Conformance resources that a partition holds, found by their canonical URL or by `Type/id`, for whom the grant lets read them all."""

from typing import Any

from fhirserver.access import AccessGrant
from fhirserver.connection import fetch
from fhirserver.indexing.definitions import readings
from fhirserver.indexing.keys import Variant, value_key
from fhirserver.indexing.params import token, uri
from fhirserver.partitions import Partition
from fhirserver.search.ast import And, Node, Posting
from fhirserver.search.compile import Compiler
from fhirspec import json
from fhirspec.hashing import hash64
from fhirspec.terminology import Terminology


def stored_canonical(
    partition: Partition, grant: AccessGrant, canonical: str, *resource_types: str
) -> dict[str, Any] | None:
    """The resource of one of these types with this canonical URL (`url|version`) or address (`ValueSet/1`), if the caller may read it."""
    for resource_type in resource_types:
        if not grant.is_unconfined(resource_type, "r"):
            continue
        rid = (
            hash64(canonical)
            if canonical.startswith(f"{resource_type}/")
            else _named(partition, resource_type, canonical)
        )
        content = _content(partition, resource_type, rid) if rid is not None else None
        if content is not None:
            return content
    return None


def _named(partition: Partition, resource_type: str, canonical: str) -> int | None:
    url, _, version = canonical.partition("|")
    nodes = [_has(resource_type, "url", uri.whole(url))]
    if version:
        nodes.append(_has(resource_type, "version", token.by_code(version)))
    found = Compiler(partition).source(resource_type, And(tuple(nodes)))
    rows = fetch(partition.region, f"{found.text} LIMIT 1", found.values)
    return rows[0][0] if rows else None


def _has(resource_type: str, code: str, variant: Variant) -> Node:
    # A code system's `url` is indexed as its `system`.
    return Posting(
        tuple(value_key(resource_type, one.code, variant) for one in readings(resource_type, code)), 15
    )


def _content(partition: Partition, resource_type: str, rid: int) -> dict[str, Any] | None:
    rows = fetch(
        partition.region,
        "SELECT content FROM fhir_resource WHERE partition = %s AND rid = %s AND type = %s AND content IS NOT NULL",
        [partition.number, rid, resource_type],
    )
    return dict(json.decode(bytes(rows[0][0]))) if rows else None


def terminology_of(partition: Partition, grant: AccessGrant) -> Terminology:
    """The value sets and code systems of the partition that the caller may read, and those of the catalogue."""
    return Terminology(
        lambda canonical: stored_canonical(partition, grant, canonical, "ValueSet", "CodeSystem")
    )
