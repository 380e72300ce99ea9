"""What changed between two versions of a resource, line by line of their JSON."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_LINES = 400
_KINDS = {"+": "added", "-": "removed", "@": "place"}


@dataclass(frozen=True)
class Line:
    """`kind` is added, removed, place or same."""

    kind: str
    text: str


@dataclass(frozen=True)
class Change:
    """One version against the one before it. `lines` is empty for the first version and for a deletion."""

    version: str
    updated: str
    method: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Effect:
    """What would become of one resource. `kind`: created, changed, deleted, or the same as before."""

    place: str
    kind: str
    lines: tuple[Line, ...]


def list_changes(bundle: dict[str, Any], indent: Callable[[Any], str]) -> list[Change]:
    """The changes in a history Bundle of one resource, newest first as the Bundle is. Empty for any other Bundle."""
    entries = [each for each in bundle.get("entry", ()) if isinstance(each, dict)]
    identities = {(r.get("resourceType"), r.get("id")) for each in entries if (r := each.get("resource"))}
    if bundle.get("type") != "history" or len(identities) != 1 or len(entries) < 2:
        return []
    olders = [*entries[1:], None]
    return [_change(newer, older, indent) for newer, older in zip(entries, olders, strict=True)]


def _change(newer: dict[str, Any], older: dict[str, Any] | None, indent: Callable[[Any], str]) -> Change:
    resource = newer.get("resource") or {}
    meta = resource.get("meta") or {}
    before = (older or {}).get("resource")
    return Change(
        version=str(meta.get("versionId", "")),
        updated=str(meta.get("lastUpdated", "") or (newer.get("response") or {}).get("lastModified", "")),
        method=str((newer.get("request") or {}).get("method", "")),
        lines=compare(content_of(before), content_of(resource), indent) if before and resource else (),
    )


def content_of(resource: dict[str, Any] | None) -> dict[str, Any]:
    """The resource without what changes with every version; empty when there is none."""
    resource = resource or {}
    meta = {k: v for k, v in (resource.get("meta") or {}).items() if k not in ("versionId", "lastUpdated")}
    rest = {key: value for key, value in resource.items() if key != "meta"}
    return rest | ({"meta": meta} if meta else {})


def compare(before: Any, after: Any, indent: Callable[[Any], str]) -> tuple[Line, ...]:
    """A unified difference of two JSON values with two lines around each change."""
    found = difflib.unified_diff(indent(before).splitlines(), indent(after).splitlines(), lineterm="", n=2)
    lines = list(found)[2:MOST_LINES]
    return tuple(Line(_KINDS.get(line[:1], "same"), line if line[:1] != "@" else "…") for line in lines)
