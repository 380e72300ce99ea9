"""A Bundle as a table: one row an entry, the columns that tell its type's resources apart."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explorer.answers.brief import brief

MOST_ROWS = 200
MOST_COLUMNS = 5
# In the order in which they say most about a resource; a choice of types is found by its stem.
_TELLING = (
    "name", "code", "medicationCodeableConcept", "medicationReference", "vaccineCode", "type", "title", "class",
    "status", "clinicalStatus", "subject", "patient", "beneficiary", "gender", "birthDate", "value", "effective",
    "occurrence", "performed", "onset", "period", "date", "authoredOn", "issued", "recorded", "created", "billablePeriod",
    "category", "description", "total", "outcome", "participant", "url", "identifier",
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """`href` opens what it refers to, empty where it is no reference."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class Row:
    """One entry. `href` opens it in the explorer, empty when it cannot be opened."""

    resource_type: str
    logical_id: str
    updated: str
    href: str
    cells: tuple[Cell, ...]
    mode: str


@dataclass(frozen=True)
class Table:
    """`links` are (relation, address) pairs; `total` is None when the server did not count."""

    kind: str
    total: int | None
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    left_out: int
    links: tuple[tuple[str, str], ...]
    mixed: bool


def bundle_table(
    bundle: dict[str, Any],
    open_entry: Callable[[str, str], str],
    open_url: Callable[[str], str],
    link: Callable[[str, Any], str | None],
) -> Table:
    """The table of a decoded Bundle. The callbacks give the explorer's address of an entry, of a link and of a reference."""
    entries = [each for each in bundle.get("entry", ()) if isinstance(each, dict)]
    resources = [each.get("resource") or {} for each in entries]
    columns = _columns(resources)
    rows = tuple(_row(entry, columns, open_entry, link) for entry in entries[:MOST_ROWS])
    links = tuple(
        (str(link.get("relation", "")), address)
        for link in bundle.get("link", ())
        if (address := open_url(str(link.get("url", ""))))
    )
    return Table(
        kind=str(bundle.get("type", "")),
        total=bundle.get("total"),
        columns=columns,
        rows=rows,
        left_out=max(0, len(entries) - MOST_ROWS),
        links=links,
        mixed=len({row.resource_type for row in rows}) > 1,
    )


def _columns(resources: list[dict[str, Any]]) -> tuple[str, ...]:
    """The telling elements that at least a third of the entries have."""
    seen = Counter(name for resource in resources for name in resource)
    enough = max(1, len(resources) / 3)
    chosen: list[str] = []
    for stem in _TELLING:
        found = [
            name
            for name in seen
            if name == stem or (name.startswith(stem) and name[len(stem) :][:1].isupper())
        ]
        chosen += [name for name in found if seen[name] >= enough and name not in chosen]
    return tuple(chosen[:MOST_COLUMNS])


def _row(
    entry: dict[str, Any],
    columns: tuple[str, ...],
    open_entry: Callable[[str, str], str],
    link: Callable[[str, Any], str | None],
) -> Row:
    resource = entry.get("resource") or {}
    response = entry.get("response") or {}
    kind, logical_id = str(resource.get("resourceType", "")), str(resource.get("id", ""))
    mode = str((entry.get("search") or {}).get("mode", "") or response.get("status", ""))
    if not resource and (location := str(response.get("location", ""))):
        words = location.split("/_history")[0].split("/")[-2:]
        kind, logical_id = words if len(words) == 2 else (kind, logical_id)
    return Row(
        resource_type=kind,
        logical_id=logical_id,
        updated=str((resource.get("meta") or {}).get("lastUpdated", "") or response.get("lastModified", "")),
        href=open_entry(kind, logical_id) if kind and logical_id else "",
        cells=tuple(_cell(resource.get(name), link) for name in columns),
        mode=mode,
    )


def _cell(value: Any, link: Callable[[str, Any], str | None]) -> Cell:
    """A value in a few words; a single reference leads to what it refers to."""
    only = value[0] if isinstance(value, list) and len(value) == 1 else value
    target = only.get("reference") if isinstance(only, dict) else None
    return Cell(brief(value), link("reference", target) or "")
