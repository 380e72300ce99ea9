"""What joins a page by a reference to a version: that version. https://hl7.org/fhir/R4/search.html#versions"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from fhirserver.access import AccessGrant
from fhirserver.bundles import Entry
from fhirserver.connection import fetch
from fhirserver.partitions import Partition
from fhirspec.hashing import hash64

_VERSIONED = re.compile(
    rb'"reference"\s*:\s*"([^"]*?)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})/_history/(\d{1,9})"'
)
_CONTENT = "SELECT content FROM fhir_history WHERE partition = %s AND rid = %s AND version = %s AND content IS NOT NULL"

Asked = dict[str, list[int]]
"""Addresses such as `Patient/1` and the versions that references to them name."""


def as_referred(partition: Partition, grant: AccessGrant, entries: Sequence[Entry]) -> list[Entry]:
    """The entries of a page; those that were included, in the versions that the page refers to."""
    asked = _asked(partition, entries)
    return [version for one in entries for version in _versions(partition, grant, one, asked)]


def _asked(partition: Partition, entries: Sequence[Entry]) -> Asked:
    found: Asked = defaultdict(list)
    own = (b"", f"{partition.base}/".encode())
    for entry in entries:
        # Most pages hold no such reference, and are not searched for one.
        if b"/_history/" not in entry.content:
            continue
        for place, kind, logical_id, version in _VERSIONED.findall(entry.content):
            if place in own:
                found[f"{kind.decode()}/{logical_id.decode()}"].append(int(version))
    return found


def _versions(partition: Partition, grant: AccessGrant, entry: Entry, asked: Asked) -> Iterator[Entry]:
    """Of a version no more is known than what it holds: who may not read all of the type gets what is current."""
    address = f"{entry.type}/{entry.logical_id}"
    versions = dict.fromkeys(asked[address]) if entry.mode == "include" and address in asked else {}
    found = []
    if versions and grant.is_unconfined(entry.type, "r"):
        values = partition.number, hash64(address)
        found = [row for one in versions for row in fetch(partition.region, _CONTENT, (*values, one))]
    yield from [entry._replace(content=bytes(row[0])) for row in found] or [entry]
