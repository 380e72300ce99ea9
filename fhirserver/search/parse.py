"""From the pairs of a query to parameters: names with modifiers and chains, values with their escapes.

https://hl7.org/fhir/R4/search.html#escaping
"""

import re
from dataclasses import dataclass, field
from urllib.parse import quote

from fhirserver.numbers import whole_number
from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.search.limits import DEFAULT_COUNT, MAX_COUNT, MAX_INCLUDES, MAX_VALUES
from fhirserver.search.unsupported import NOT_WITH_SUMMARY_TEXT

ANSWER = frozenset({"_format", "_pretty", "_summary", "_elements"})
CONTROLS = ANSWER | {
    "_count",
    "_sort",
    "_include",
    "_revinclude",
    "_total",
    "_cursor",
    "_type",
    "_contained",
    "_containedType",
}
_INCLUDES = ("_include", "_revinclude")
_TOTALS = ("none", "estimate", "accurate")
_CONTAINED = ("false", "true", "both")
_CONTAINED_TYPES = ("container", "contained")
_KEPT = ":/._-,$*"
_PLAIN = re.compile(rf"[A-Za-z0-9~{re.escape(_KEPT)}]*")


@dataclass(frozen=True, slots=True)
class Include:
    """`source`:`code`, only targets of `target` (empty: all). Code `*`: every reference."""

    source: str
    code: str
    target: str = ""
    iterate: bool = False
    reverse: bool = False


@dataclass(slots=True)
class Controls:
    """What shapes the answer. `sort`: (code, descending)."""

    count: int = DEFAULT_COUNT
    sort: list[tuple[str, bool]] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    total: str = ""
    cursor: str = ""
    types: tuple[str, ...] = ()
    count_only: bool = False
    contained: str = "false"
    contained_type: str = "container"

    @property
    def looks_within(self) -> bool:
        """Whether contained resources are searched."""
        return self.contained != "false"

    @property
    def stands_alone(self) -> bool:
        """Whether a contained match is answered without what holds it."""
        return self.looks_within and self.contained_type == "contained"


def split(text: str, separator: str) -> list[str]:
    """Split at separators that are not escaped; the parts keep their escapes."""
    return text.split(separator) if "\\" not in text else _split_escaped(text, separator)


def _split_escaped(text: str, separator: str) -> list[str]:
    parts, start, at = [], 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == separator:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    return [*parts, text[start:]]


def unescaped(text: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", text) if "\\" in text else text


def values_of(name: str, text: str) -> list[str]:
    """The alternatives of a value. Raises LimitExceeded."""
    values = [value for value in split(text, ",") if value]
    if len(values) > MAX_VALUES:
        raise LimitExceeded(f"{name} lists {len(values)} values; the limit is {MAX_VALUES} (MAX_VALUES).")
    return values


def controls_of(query: list[tuple[str, str]]) -> Controls:
    """Raises BadRequest naming the parameter."""
    controls, summary = Controls(), ""
    for name, value in query:
        base, _, modifier = name.partition(":")
        if not value:
            # "Empty parameters are not an error - they are just ignored by the server."
            continue
        if modifier and base in CONTROLS and base not in _INCLUDES:
            raise BadRequest(f"{name}: {base} takes no modifier.")
        if base == "_count":
            controls.count = min(whole_number("_count", value), MAX_COUNT)
        elif base == "_sort":
            keys = [key.strip() for key in value.split(",") if key.strip()]
            controls.sort += [(key.removeprefix("-"), key.startswith("-")) for key in keys]
        elif base in _INCLUDES:
            controls.includes.append(_include(name, value, modifier, base == "_revinclude"))
        elif base == "_total":
            controls.total = _one_of(name, value, _TOTALS)
        elif base == "_cursor":
            controls.cursor = value
        elif base == "_type":
            controls.types = tuple(dict.fromkeys([*controls.types, *filter(None, value.split(","))]))
        elif base == "_summary":
            summary = value
        elif base == "_contained":
            controls.contained = _one_of(name, value, _CONTAINED)
        elif base == "_containedType":
            controls.contained_type = _one_of(name, value, _CONTAINED_TYPES)
    controls.includes = list(dict.fromkeys(controls.includes))
    if len(controls.includes) > MAX_INCLUDES:
        raise LimitExceeded(
            f"The query has {len(controls.includes)} different _include and _revinclude; {MAX_INCLUDES} are allowed (MAX_INCLUDES)."
        )
    if summary == "text" and controls.includes:
        # "The _include and _revinclude parameters cannot be mixed with _summary=text."
        name = "_revinclude" if controls.includes[0].reverse else "_include"
        raise BadRequest(f"_summary=text cannot be combined with {name}: {NOT_WITH_SUMMARY_TEXT[name]}.")
    controls.count_only = summary == "count" or controls.count == 0
    return controls


def _one_of(name: str, value: str, possible: tuple[str, ...]) -> str:
    if value not in possible:
        raise BadRequest(f"{name}={value} is not one of {', '.join(possible)}.")
    return value


def _include(name: str, value: str, modifier: str, reverse: bool) -> Include:
    if modifier not in ("", "iterate", "recurse"):
        raise BadRequest(f"{name}: the modifier {modifier} is not possible here; iterate is.")
    if value == "*":
        return Include("", "*", "", bool(modifier), reverse)
    parts = value.split(":")
    if len(parts) not in (2, 3) or not all(parts[:2]):
        raise BadRequest(f"{name}={value} is not of the form Type:parameter or Type:parameter:Target.")
    return Include(parts[0], parts[1], parts[2] if len(parts) == 3 else "", bool(modifier), reverse)


def encoded(pairs: list[tuple[str, str]]) -> str:
    """As links carry it; clients may be strict with what RFC 3986 leaves out of a query, such as `|`."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)


def _quoted(text: str) -> str:
    # Most texts have nothing to quote, and to find that out is quicker than to quote them.
    return text if _PLAIN.fullmatch(text) else quote(text, safe=_KEPT)
