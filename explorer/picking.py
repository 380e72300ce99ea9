"""Picking a path through references, step by step: a reference and its type, or what refers here, then what to ask there.

Each step is a place that the page's address can name, so the picker works without JavaScript too.
https://hl7.org/fhir/R4/search.html#chaining and #has
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from explorer import definitions
from explorer.bench import Bench
from explorer.building.chains import Hop, SearchPath, is_path, parse_path
from explorer.building.criteria import Criterion
from explorer.building.fields import Field, SearchParameterFacts, filled_field
from explorer.searching import facts_of, parameters_of, types_after
from fhirserver.search.limits import MAX_CHAIN

START = "."
# A reference to anything leads to so many types that only what all resources have is offered.
_MANY_TYPES = 12


@dataclass(frozen=True)
class Picking:
    """`path`: as far as it is picked, None when nobody picks. `opened`: names whose rows are shown though they are empty."""

    path: SearchPath | None = None
    opened: tuple[str, ...] = ()
    # The one whose row was opened just now: its field gets the focus.
    newest: str = ""


NOT_PICKING = Picking()


@dataclass(frozen=True)
class PickOption:
    """`value` is the path with this choice added, as the field `.to` holds it."""

    label: str
    hint: str
    value: str


@dataclass(frozen=True)
class PickGroup:
    title: str
    options: tuple[PickOption, ...]


@dataclass(frozen=True)
class Picker:
    """`trail`: the steps so far, each leads back to itself. `here`: what the next choice is about."""

    trail: tuple[PickOption, ...]
    here: str
    groups: tuple[PickGroup, ...]


def picking_from_fields(fields: Mapping[str, Sequence[str]]) -> Picking:
    """`.to` is the step just taken; a path that asks something opens a row. `.open` holds the rows opened before."""
    opened = tuple(dict.fromkeys(name for name in fields.get(".open", ()) if is_path(name)))
    taken = (fields.get(".to") or [""])[0].strip()
    if taken == START:
        return Picking(SearchPath(), opened)
    path = parse_path(taken)
    if path.code and path.hops and not path.half:
        name = path.start + path.code
        return Picking(None, tuple(dict.fromkeys((*opened, name))), name)
    return Picking(path if path.hops or path.half else None, opened)


def path_fields(bench: Bench, criteria: Sequence[Criterion], picking: Picking) -> list[Field]:
    """The rows of chains and `_has`: what is filled in, and what was picked."""
    rows: list[Field] = []
    for each in criteria:
        if is_path(each.code):
            index = sum(row.name == each.code for row in rows)
            rows.append(filled_field(_facts(bench, each.code), each, index))
    names = {row.name for row in rows}
    picked = (name for name in picking.opened if name not in names)
    return rows + [Field(_facts(bench, name), focused=name == picking.newest) for name in picked]


def _facts(bench: Bench, code: str) -> SearchParameterFacts:
    return facts_of(bench, code) or SearchParameterFacts(code, "path")


def make_picker(bench: Bench, path: SearchPath) -> Picker:
    types = types_after(bench, path)
    return Picker(
        tuple(_trail(bench, path)), _any_of(types), tuple(g for g in _groups(bench, path, types) if g.options)
    )


def _any_of(types: Sequence[str]) -> str:
    return " or ".join(types) if len(types) <= 4 else f"{len(types)} types"


def _trail(bench: Bench, path: SearchPath) -> Iterator[PickOption]:
    yield PickOption(bench.resource_type, "", START)
    for count, hop in enumerate(path.hops, 1):
        label = f"{hop.type} by {hop.code}" if hop.backward else f"{hop.code} → {hop.type or 'any type'}"
        yield PickOption(label, "", path.up_to(count).start)


def _groups(bench: Bench, path: SearchPath, types: Sequence[str]) -> Iterator[PickGroup]:
    start = path.start
    if path.half and path.half.backward:
        source = path.half.type
        codes = dict(_sources(bench, types)).get(source, [])
        options = tuple(PickOption(code, "", start + Hop(code, source, True).name) for code in codes)
        yield PickGroup(f"By which reference of {source}?", options)
        return
    if path.half:
        yield PickGroup(f"{path.half.code}: which type?", tuple(_targets(bench, path, types)))
        return
    if path.hops:
        yield PickGroup(f"Ask of {_any_of(types)}", tuple(_asked(bench, start, types)))
    if len(path.hops) < MAX_CHAIN:
        yield PickGroup("Follow a reference", tuple(_references(bench, start, types)))
        yield PickGroup("Come from what refers here (_has)", tuple(_referring(bench, start, types)))


def _parameters(bench: Bench, types: Sequence[str]) -> dict[str, SearchParameterFacts]:
    """By code, those of any of the types."""
    found: dict[str, SearchParameterFacts] = {}
    for name in types if len(types) <= _MANY_TYPES else types[:1]:
        for each in parameters_of(bench, name):
            if each.supported and (len(types) <= _MANY_TYPES or each.code.startswith("_")):
                known = found.get(each.code)
                targets = (
                    each.targets if known is None else tuple(dict.fromkeys(known.targets + each.targets))
                )
                found[each.code] = replace(known or each, targets=targets)
    return found


def _asked(bench: Bench, start: str, types: Sequence[str]) -> Iterator[PickOption]:
    for each in _parameters(bench, types).values():
        yield PickOption(each.code, each.kind, start + each.code)


def _references(bench: Bench, start: str, types: Sequence[str]) -> Iterator[PickOption]:
    for each in _parameters(bench, types).values():
        targets = [name for name in each.targets if _held_here(bench, name)]
        if each.kind != "reference" or not targets:
            continue
        if len(targets) == 1:
            yield PickOption(each.code, f"→ {targets[0]}", start + Hop(each.code, targets[0]).name)
        else:
            hint = ", ".join(targets) if len(targets) <= 4 else f"{len(targets)} types"
            yield PickOption(each.code, f"→ {hint}", f"{start}{each.code}:")


def _targets(bench: Bench, path: SearchPath, types: Sequence[str]) -> Iterator[PickOption]:
    code = path.half.code if path.half else ""
    reference = _parameters(bench, types).get(code)
    for name in reference.targets if reference else ():
        if _held_here(bench, name):
            yield PickOption(name, "", path.start + Hop(code, name).name)
    if reference:
        yield PickOption("any of them", "", path.start + Hop(code).name)


def _referring(bench: Bench, start: str, types: Sequence[str]) -> Iterator[PickOption]:
    for source, codes in _sources(bench, types):
        only = Hop(codes[0], source, True).name if len(codes) == 1 else f"_has:{source}:"
        yield PickOption(source, f"by {', '.join(codes)}", start + only)


def _sources(bench: Bench, types: Sequence[str]) -> list[tuple[str, list[str]]]:
    """What may refer to one of the types: each source with its references."""
    found: dict[str, list[str]] = {}
    for name in types if len(types) <= _MANY_TYPES else ():
        for pair in definitions.revincludes(name):
            source, _, code = pair.partition(":")
            if _held_here(bench, source) and code not in found.setdefault(source, []):
                found[source].append(code)
    return sorted(found.items())


def _held_here(bench: Bench, resource_type: str) -> bool:
    known = bench.capabilities.resources
    return resource_type in known if known else definitions.is_resource_type(resource_type)
