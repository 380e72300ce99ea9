"""Search by token, reference, string, date and uri, `_id` and `_lastUpdated`, in the default order, with paging.

It answers while `fhirserver.search` is not there (see late.py). What it cannot do is refused or told, never left out silently.
"""

from typing import Any, NamedTuple
from urllib.parse import urlencode

from fhirserver.access import AccessGrant
from fhirserver.bundles import Entry, SearchPieces
from fhirserver.connection import fetch, one_of
from fhirserver.http import FhirRequest
from fhirserver.indexing.definitions import NOT_INDEXED, parameter, rank_parameter, readings
from fhirserver.indexing.keys import compartment_key, type_key, value_key
from fhirserver.indexing.params import reference, string, token, uri
from fhirserver.instants import instant_range
from fhirserver.outcomes import BadRequest, Issue, NotSupported
from fhirserver.partitions import Partition
from fhirserver.rows import IndexRows, param_code
from fhirserver.store import rid_of

DEFAULT_COUNT, MAX_COUNT = 20, 1000
_LAST = 2**63 - 1
_CURSOR = "_before"
_CONTROL = frozenset(
    {"_count", "_sort", "_format", "_pretty", "_summary", "_elements", "_total", "_type", _CURSOR}
)
_COMPARISONS = {
    "eq": ("low >= %s AND high <= %s", (0, 1)),
    "ne": ("NOT (low >= %s AND high <= %s)", (0, 1)),
    "gt": ("high > %s", (1,)),
    "lt": ("low < %s", (0,)),
    "ge": ("high > %s", (0,)),
    "le": ("low < %s", (1,)),
}


class Condition(NamedTuple):
    """SQL about the candidate `p` (its posting) and `r` (its resource), and its parameters."""

    text: str
    parameters: tuple[Any, ...]


class PlainSearch:
    """One search in one partition."""

    def __init__(self, partition: Partition, grant: AccessGrant, resource_type: str) -> None:
        if not resource_type:
            raise NotSupported("Search over several types is not available.")
        self.partition, self.type = partition, resource_type
        self.conditions = self._granted(grant)
        self.issues: list[Issue] = []

    def _granted(self, grant: AccessGrant) -> list[Condition]:
        if grant.is_unconfined(self.type, "s"):
            return []
        keys = [
            compartment_key("Patient", one.compartment[1], self.type)
            for one in grant.for_interaction(self.type, "s")
            if one.restriction is None and one.compartment and one.compartment[0] == "Patient"
        ]
        return [self._posted(keys)]

    def _posted(self, keys: list[int]) -> Condition:
        """The resource has one of these postings; without any, nothing matches."""
        among, listed = one_of(self.partition.region, keys)
        return Condition(
            f"p.rid IN (SELECT rid FROM fhir_posting WHERE partition = %s AND key {among})",
            (self.partition.number, listed),
        )

    def add(self, name: str, value: str, *, strict: bool) -> None:
        if name in _CONTROL:
            return
        code, _, modifier = name.partition(":")
        if code == "_id" and not modifier:
            among, listed = one_of(
                self.partition.region, [rid_of(self.type, one) for one in value.split(",")]
            )
            self.conditions.append(Condition(f"p.rid {among}", (listed,)))
        elif code == "_lastUpdated" and not modifier:
            self.conditions.append(_updated(value))
        else:
            self._add_indexed(code, modifier, value, strict)

    def _add_indexed(self, code: str, modifier: str, value: str, strict: bool) -> None:
        known = None if code in NOT_INDEXED else parameter(self.type, code)
        handler = _BY_TYPE.get((known.type, modifier)) if known else None
        if handler is not None:
            self.conditions.append(handler(self, code, value))
            return
        text = f"{self.type} cannot be searched by {code}{':' if modifier else ''}{modifier} here."
        if strict or known is not None:
            raise BadRequest(text)
        self.issues.append(Issue("not-supported", text, severity="warning"))

    def codes(self, code: str) -> list[str]:
        return [one.code for one in readings(self.type, code)]

    def page(self, count: int, before: tuple[int, int]) -> list[tuple[Any, ...]]:
        """`(rank, rid, logical_id, content)` of up to `count` matches after `before`, in order."""
        where, parameters = self._where()
        return fetch(
            self.partition.region,
            f"SELECT p.rank, p.rid, r.logical_id, r.content FROM {where} AND (p.rank, p.rid) < (%s, %s)"
            " ORDER BY p.rank DESC, p.rid DESC LIMIT %s",
            (*parameters, *before, count),
        )

    def total(self) -> int:
        where, parameters = self._where()
        return int(fetch(self.partition.region, f"SELECT count(*) FROM {where}", parameters)[0][0])

    def _where(self) -> tuple[str, tuple[Any, ...]]:
        text = (
            "fhir_posting p JOIN fhir_resource r ON r.partition = p.partition AND r.rid = p.rid"
            " WHERE p.partition = %s AND p.key = %s"
        )
        parameters: tuple[Any, ...] = (self.partition.number, type_key(self.type))
        for condition in self.conditions:
            text += f" AND {condition.text}"
            parameters += condition.parameters
        return text, parameters


def _tokens(one: PlainSearch, code: str, value: str) -> Condition:
    keys = []
    for text in value.split(","):
        system, bar, rest = text.rpartition("|")
        if not bar:
            variant = token.by_code(text)
        elif not system:
            variant = token.without_system(rest)
        else:
            variant = token.by_system_and_code(system, rest) if rest else token.by_system(system)
        keys += [value_key(one.type, read, variant) for read in one.codes(code)]
    return one._posted(keys)


def _references(one: PlainSearch, code: str, value: str) -> Condition:
    keys, targets = [], []
    for text in value.split(","):
        pointer = reference.pointer_of(text) if "/" in text else None
        if pointer is not None:
            targets.append(pointer.target)
        else:
            keys += [value_key(one.type, read, reference.by_id(text)) for read in one.codes(code)]
    region, number = one.partition.region, one.partition.number
    params, listed = one_of(region, [param_code(one.type, read) for read in one.codes(code)])
    among, hashes = one_of(region, targets)
    posted = one._posted(keys)
    text = f"({posted.text} OR p.rid IN (SELECT rid FROM fhir_reference WHERE partition = %s AND param {params} AND target {among}))"
    return Condition(text, (*posted.parameters, number, listed, hashes))


def _starts(one: PlainSearch, code: str, value: str) -> Condition:
    params, listed = one_of(one.partition.region, [param_code(one.type, read) for read in one.codes(code)])
    ranges, parameters = [], []
    for text in value.split(","):
        start = string.folded(text)
        ranges.append("(value >= %s AND value < %s)")
        parameters += [start, start + "\U0010ffff"]
    text = f"p.rid IN (SELECT rid FROM fhir_string WHERE partition = %s AND param {params} AND ({' OR '.join(ranges)}))"
    return Condition(text, (one.partition.number, listed, *parameters))


def _exactly(one: PlainSearch, code: str, value: str) -> Condition:
    codes = one.codes(code)
    return one._posted(
        [value_key(one.type, read, ("exact", text)) for read in codes for text in value.split(",")]
    )


def _uris(one: PlainSearch, code: str, value: str) -> Condition:
    codes = one.codes(code)
    return one._posted(
        [value_key(one.type, read, uri.whole(text)) for read in codes for text in value.split(",")]
    )


def _compared(name: str, value: str) -> tuple[str, list[int]]:
    """SQL about `low` and `high`, and its values, for alternatives of prefix and date."""
    parts, values = [], []
    for text in value.split(","):
        prefix, moment = (text[:2], text[2:]) if text[:2].isalpha() else ("eq", text)
        if prefix not in _COMPARISONS:
            raise BadRequest(f"{name}={value} has a prefix that is not one of {', '.join(_COMPARISONS)}.")
        span = instant_range(name, moment)
        comparison, edges = _COMPARISONS[prefix]
        parts.append(f"({comparison})")
        values += [span[edge] for edge in edges]
    return f"({' OR '.join(parts)})", values


def _dates(one: PlainSearch, code: str, value: str) -> Condition:
    params, listed = one_of(one.partition.region, [param_code(one.type, read) for read in one.codes(code)])
    compared, values = _compared(code, value)
    text = f"p.rid IN (SELECT rid FROM fhir_date WHERE partition = %s AND param {params} AND {compared})"
    return Condition(text, (one.partition.number, listed, *values))


def _updated(value: str) -> Condition:
    compared, values = _compared("_lastUpdated", value)
    text = compared.replace("low", "r.updated").replace("high", "r.updated + 1")
    return Condition(text, tuple(values))


_BY_TYPE = {
    ("token", ""): _tokens,
    ("reference", ""): _references,
    ("string", ""): _starts,
    ("string", "exact"): _exactly,
    ("uri", ""): _uris,
    ("date", ""): _dates,
}


def search(request: FhirRequest, partition: Partition, grant: AccessGrant) -> SearchPieces:
    strict = "handling=strict" in request.header("prefer")
    made = PlainSearch(partition, grant, request.resource_type)
    if request.compartment_type:
        if request.compartment_type != "Patient":
            raise NotSupported(f"The {request.compartment_type} compartment cannot be searched here.")
        made.conditions.append(
            made._posted([compartment_key("Patient", request.logical_id, request.resource_type)])
        )
    for name, value in request.query:
        made.add(name, value, strict=strict)
    _check_sort(made, request.parameter("_sort"), strict)
    only_count = request.parameter("_summary") == "count"
    count = 0 if only_count else _count(request)
    rows = made.page(count + 1, _before(request)) if count else []
    total = made.total() if not count or request.parameter("_total") == "accurate" else None
    if total is None and len(rows) <= count and request.parameter(_CURSOR) is None:
        total = len(rows)
    entries = [Entry(made.type, row[2], row[3]) for row in rows[:count]]
    return SearchPieces(entries, total, _links(request, rows, count), made.issues)


def _check_sort(made: PlainSearch, sort: str | None, strict: bool) -> None:
    if sort is None or sort in (f"-{rank_parameter(made.type)}", "-_lastUpdated"):
        return
    text = f"_sort={sort} is not available here; the newest come first."
    if strict:
        raise BadRequest(text)
    made.issues.append(Issue("not-supported", text, severity="warning"))


def _count(request: FhirRequest) -> int:
    text = request.parameter("_count")
    if text is None:
        return DEFAULT_COUNT
    if not text.isdecimal():
        raise BadRequest(f"_count is not a number: {text}")
    return min(int(text), MAX_COUNT)


def _before(request: FhirRequest) -> tuple[int, int]:
    text = request.parameter(_CURSOR)
    if text is None:
        return _LAST, _LAST
    try:
        rank, rid = map(int, text.split("."))
    except ValueError:
        raise BadRequest(f"{_CURSOR} is not from a link of this server: {text}") from None
    return rank, rid


def _links(request: FhirRequest, rows: list[tuple[Any, ...]], count: int) -> list[tuple[str, str]]:
    address = f"{request.base_url}/{request.path}"
    links = [("self", address + (f"?{urlencode(request.query)}" if request.query else ""))]
    if count and len(rows) > count:
        last = rows[count - 1]
        kept = [pair for pair in request.query if pair[0] != _CURSOR]
        links.append(("next", f"{address}?{urlencode([*kept, (_CURSOR, f'{last[0]}.{last[1]}')])}"))
    return links


def find_matches(
    partition: Partition, grant: AccessGrant, resource_type: str, query: list[tuple[str, str]], limit: int
) -> list[int]:
    made = PlainSearch(partition, grant, resource_type)
    for name, value in query:
        made.add(name, value, strict=True)
    return [row[1] for row in made.page(limit, (_LAST, _LAST))]


def matches(rows: IndexRows, resource_type: str, query: list[tuple[str, str]]) -> bool:
    """Whether a resource with these rows has what a restriction by tokens asks; anything else does not match."""
    for name, value in query:
        known = parameter(resource_type, name)
        if known is None or known.type != "token":
            return False
        variants = [_variant(text) for text in value.split(",")]
        codes = [one.code for one in readings(resource_type, name)]
        keys = {value_key(resource_type, code, variant) for code in codes for variant in variants}
        if keys.isdisjoint(rows.postings):
            return False
    return True


def _variant(text: str) -> tuple[str, ...]:
    system, bar, code = text.rpartition("|")
    if not bar:
        return token.by_code(text)
    return token.by_system_and_code(system, code) if system else token.without_system(code)
