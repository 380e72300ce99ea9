"""Bundles written around stored bytes: no resource is decoded to be listed.

https://hl7.org/fhir/R4/bundle.html
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import msgspec

from fhirserver.outcomes import Issue, outcome_bytes

_text = msgspec.json.encode


class Entry(NamedTuple):
    """One entry of a search result. `content` is the resource as stored; `mode`: match, include or outcome. `address`: of a contained
    resource, within the one that holds it; empty for all others."""

    type: str
    logical_id: str
    content: bytes
    mode: str = "match"
    address: str = ""


@dataclass(slots=True)
class SearchPieces:
    """What a search found: the entries in order, links as (relation, absolute URL), and what the client should know."""

    entries: Iterable[Entry]
    total: int | None = None
    links: Sequence[tuple[str, str]] = ()
    issues: Sequence[Issue] = field(default_factory=tuple)


def bundle_start(kind: str, total: int | None = None, links: Sequence[tuple[str, str]] = ()) -> bytes:
    """`{"resourceType":"Bundle",…` up to where entries begin."""
    start = b'{"resourceType":"Bundle","type":' + _text(kind)
    if total is not None:
        start += b',"total":%d' % total
    if links:
        start += b',"link":' + _text([{"relation": relation, "url": url} for relation, url in links])
    return start


def search_entry(base_url: str, entry: Entry) -> bytes:
    if entry.mode == "outcome":
        return b'{"resource":' + entry.content + b',"search":{"mode":"outcome"}}'
    return b'{"fullUrl":"%s/%s","resource":%s,"search":{"mode":"%s"}}' % (
        base_url.encode(),
        (entry.address or f"{entry.type}/{entry.logical_id}").encode(),
        entry.content,
        entry.mode.encode(),
    )


def searchset(base_url: str, pieces: SearchPieces) -> bytes:
    """A whole `searchset` Bundle. An empty one has no `entry`: FHIR allows no empty array."""
    entries = [search_entry(base_url, entry) for entry in pieces.entries]
    if pieces.issues:
        warning = Entry("OperationOutcome", "", outcome_bytes(*pieces.issues), "outcome")
        entries.append(search_entry(base_url, warning))
    return bundle_start("searchset", pieces.total, pieces.links) + _entry_array(entries) + b"}"


def bundle(
    kind: str, entries: Sequence[bytes], total: int | None = None, links: Sequence[tuple[str, str]] = ()
) -> bytes:
    return bundle_start(kind, total, links) + _entry_array(entries) + b"}"


def _entry_array(entries: Sequence[bytes]) -> bytes:
    return b',"entry":[' + b",".join(entries) + b"]" if entries else b""


def streamed_bundle(start: bytes, entries: Iterable[bytes], end: bytes = b"}") -> Iterator[bytes]:
    """A Bundle written entry by entry, so that memory stays flat."""
    yield start
    opened = False
    for entry in entries:
        yield b"," if opened else b',"entry":['
        opened = True
        yield entry
    yield (b"]" if opened else b"") + end
