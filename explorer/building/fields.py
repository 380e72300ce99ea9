"""Search parameters as fields of a form: typed, with their prefixes, modifiers and what is filled in.

https://hl7.org/fhir/R4/search.html
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from explorer.building.composites import rows_of
from explorer.building.criteria import MISSING, PREFIXED_TYPES, PREFIXES, Criterion, split_prefix

PREFIX_WORDS = {
    "": "=",
    "eq": "= equal",
    "ne": "≠ not equal",
    "gt": "> after, more",
    "lt": "< before, less",
    "ge": "≥ from, at least",
    "le": "≤ until, at most",
    "sa": "starts after",
    "eb": "ends before",
    "ap": "≈ about",
}
MODIFIER_WORDS = {
    "missing": "is missing",
    "exact": "exactly",
    "contains": "contains",
    "not": "is not",
    "text": "text has",
    "in": "in value set",
    "not-in": "not in value set",
    "above": "at or above",
    "below": "at or below",
    "of-type": "of type",
    "identifier": "identifier",
    "type": "of type",
    "iterate": "iterate",
}
# What people look for first, whatever the type: these stand on top, the others below.
COMMON_CODES = (
    "name", "family", "given", "identifier", "gender", "birthdate", "patient", "subject", "code", "status",
    "clinical-status", "category", "date", "value-quantity", "onset-date", "authoredon", "medication", "vaccine-code",
    "title", "type", "class", "encounter", "practitioner", "organization", "url", "period",
)  # fmt: skip
FIRST_FIELDS = 7
_SUMMARIES = ("true", "text", "data", "count", "false")
_TOTALS = ("none", "estimate", "accurate")
_CONTAINED = ("true", "both")
_CONTAINED_TYPES = ("container", "contained")


@dataclass(frozen=True)
class SearchParameterFacts:
    """A search parameter as the pages know it, whatever catalogue or statement it came from.

    `codes` are (code, display) pairs of its value set, `components` the parts of a composite, `example` is a
    value to try it with, `reason` says why it is not supported.
    """

    code: str
    kind: str
    description: str = ""
    expression: str = ""
    url: str = ""
    targets: tuple[str, ...] = ()
    modifiers: tuple[str, ...] = ()
    prefixes: tuple[str, ...] = ()
    components: tuple["SearchParameterFacts", ...] = ()
    codes: tuple[tuple[str, str], ...] = ()
    supported: bool = True
    example: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Field:
    """One row of the search form, with its present modifier, prefix and value."""

    facts: SearchParameterFacts
    modifier: str = ""
    prefix: str = ""
    value: str = ""
    index: int = 0
    focused: bool = False

    @property
    def name(self) -> str:
        return self.facts.code

    @property
    def is_composite(self) -> bool:
        """Whether it has one field for each part: not what a modifier asks of the whole, and not more parts than it has."""
        parts = len(self.facts.components)
        return parts > 0 and not self.modifier and all(len(row) <= parts for row in rows_of(self.value))

    @property
    def prefixes(self) -> list[tuple[str, str]]:
        """The choices of the prefix; what has prefixes knows one modifier, which is offered here too."""
        if not self.facts.prefixes:
            return []
        missing = [(MISSING, "is missing")] if MISSING in self.facts.modifiers else []
        return [(each, PREFIX_WORDS[each]) for each in ("", *self.facts.prefixes)] + missing

    @property
    def modifiers(self) -> list[tuple[str, str]]:
        """The choices of the modifier; one that is set but not listed is offered too."""
        known = () if self.facts.prefixes else self.facts.modifiers
        if self.modifier and self.modifier not in known:
            known = (*known, self.modifier)
        plain = "starts with" if self.facts.kind == "string" else "is"
        return [("", plain)] + [(each, MODIFIER_WORDS.get(each, each)) for each in known] if known else []


@dataclass(frozen=True)
class Choice:
    """A result parameter chosen from a list: `options` are (value, label) pairs, `chosen` what is set."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    chosen: tuple[str, ...]
    many: bool = False
    # Only these can be chosen; else they are suggestions.
    closed: bool = False


def prefixes_of(kind: str) -> tuple[str, ...]:
    return PREFIXES if kind in PREFIXED_TYPES else ()


def search_fields(
    parameters: Sequence[SearchParameterFacts], criteria: Iterable[Criterion]
) -> tuple[list[Field], list[Field]]:
    """The rows on top (what is filled in, and what people look for first) and the rest."""
    by_code = {each.code: each for each in parameters}
    filled: dict[str, list[Field]] = {}
    for each in criteria:
        if each.is_result_parameter:
            continue
        facts = by_code.get(each.code) or SearchParameterFacts(each.code, "special")
        rows = filled.setdefault(each.code, [])
        rows.append(filled_field(facts, each, len(rows)))
    first = sorted(
        (each for each in parameters if each.code in COMMON_CODES and each.code not in filled),
        key=lambda each: COMMON_CODES.index(each.code),
    )
    room = max(0, FIRST_FIELDS - len(filled))
    top = [row for rows in filled.values() for row in rows] + [Field(each) for each in first[:room]]
    if not top:
        return [Field(each) for each in parameters], []
    shown = {row.name for row in top}
    return top, [Field(each) for each in parameters if each.code not in shown]


def filled_field(facts: SearchParameterFacts, each: Criterion, index: int) -> Field:
    """The row of one criterion; `index` counts the rows of the same parameter."""
    if facts.kind not in PREFIXED_TYPES:
        return Field(facts, each.modifier, "", each.value, index)
    if each.modifier == MISSING:
        return Field(facts, "", MISSING, each.value, index)
    prefix, value = split_prefix(each.value)
    return Field(facts, each.modifier, prefix, value, index)


def result_choices(
    criteria: Sequence[Criterion],
    sortable: Sequence[str],
    includes: Sequence[str],
    revincludes: Sequence[str],
    elements: Sequence[str],
) -> list[Choice]:
    """The parameters that shape the result, as choices."""

    def chosen(name: str) -> tuple[str, ...]:
        return tuple(each.value for each in criteria if each.name == name)

    def options(name: str, values: Iterable[str]) -> tuple[tuple[str, str], ...]:
        listed = list(values)
        return tuple((each, each) for each in (*listed, *(v for v in chosen(name) if v not in listed)))

    orders = [order for code in sortable for order in (code, f"-{code}")]
    labels = {f"-{code}": f"{code}, descending" for code in sortable}
    unlisted = [each for each in _split(chosen("_sort")) if each not in orders]
    sort = tuple((value, labels.get(value, value)) for value in (*orders, *unlisted))
    return [
        Choice("_sort", "Sort by", sort, _split(chosen("_sort")), many=True, closed=True),
        Choice("_include", "Include what these refer to", options("_include", includes), chosen("_include"), True),
        Choice("_revinclude", "Include what refers to these", options("_revinclude", revincludes), chosen("_revinclude"), True),
        *(
            Choice(name, "From what was included, too", (), chosen(name), True)
            for name in _further(criteria, includes, revincludes)
        ),
        Choice("_elements", "Only these elements", options("_elements", elements), _split(chosen("_elements")), True),
        Choice("_summary", "Summary", options("_summary", _SUMMARIES), chosen("_summary"), closed=True),
        Choice("_total", "Count all matches", options("_total", _TOTALS), chosen("_total"), closed=True),
        Choice("_contained", "Look into resources", options("_contained", _CONTAINED), chosen("_contained"), closed=True),
        Choice("_containedType", "Answer contained matches by", options("_containedType", _CONTAINED_TYPES), chosen("_containedType"), closed=True),
        *(Choice(name, "As it stands in the query", (), chosen(name), True) for name in _others(criteria)),
    ]  # fmt: skip


_CHOSEN = (
    "_sort", "_include", "_revinclude", "_elements", "_summary", "_total", "_count", "_contained", "_containedType",
)  # fmt: skip
_ITERATED = ("_include:iterate", "_revinclude:iterate")


def _further(criteria: Sequence[Criterion], includes: Sequence[str], revincludes: Sequence[str]) -> list[str]:
    """Which includes of what was included have a field: where there is something to include, or it is set."""
    offered = (bool(includes), bool(revincludes))
    set_here = {each.name for each in criteria}
    return [
        name for name, offer in zip(_ITERATED, offered, strict=True) if name in set_here or (offer and name == _ITERATED[0])
    ]  # fmt: skip


def _others(criteria: Sequence[Criterion]) -> list[str]:
    """What shapes the result and has no field of its own: `_include:recurse`."""
    names = [each.name for each in criteria if each.is_result_parameter]
    return [name for name in dict.fromkeys(names) if name not in (*_CHOSEN, *_ITERATED)]


def _split(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(part for value in values for part in value.split(",") if part)
