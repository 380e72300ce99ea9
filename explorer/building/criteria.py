"""Search criteria, between a FHIR query string and the fields of a form.

https://hl7.org/fhir/R4/search.html#modifiers and #prefix
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

from explorer.building.chains import parse_path

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
# The only modifier of parameters that have prefixes; forms offer it among them.
MISSING = "missing"
PREFIXED_TYPES = frozenset({"date", "number", "quantity"})
RESULT_PARAMETERS = (
    "_sort",
    "_count",
    "_include",
    "_revinclude",
    "_summary",
    "_elements",
    "_total",
    "_contained",
    "_containedType",
)
_PREFIXED = re.compile(rf"({'|'.join(PREFIXES)})(?=[-+.]?\d)")
_ALTERNATIVES = re.compile(r"(?:\\.|[^,\\])+|(?<=,)(?=,|$)|^(?=,)|\\$")
_BREAK = re.compile(r"[ \t]*[\r\n]+[ \t]*")
# Left readable in an address; everything a shell, curl or a query string gives a meaning to is encoded.
_READABLE = ":/,$-._~"


@dataclass(frozen=True)
class Criterion:
    """One `name=value` of a search: alternatives in `value` are separated by commas, as FHIR writes them."""

    code: str
    value: str
    modifier: str = ""

    @property
    def name(self) -> str:
        return f"{self.code}:{self.modifier}" if self.modifier else self.code

    @property
    def is_result_parameter(self) -> bool:
        return self.code in RESULT_PARAMETERS


def parse_name(name: str) -> tuple[str, str]:
    """`(code, modifier)` of a parameter's name. A chain or `_has` keeps its path in the code."""
    path = parse_path(name)
    return (name, "") if path.half or not path.code else (path.start + path.code, path.modifier)


def parse_query(text: str) -> tuple[Criterion, ...]:
    """The criteria of a query string, in its order."""
    pairs = parse_qsl(text.lstrip("?"), keep_blank_values=True)
    return tuple(criterion(name, value) for name, value in pairs if value.strip())


def criterion(name: str, value: str) -> Criterion:
    code, modifier = parse_name(name)
    return Criterion(code, value.strip(), modifier)


def render_query(criteria: Iterable[Criterion]) -> str:
    """The query string, percent-encoded but readable: `gender=male&birthdate=ge1980-01-01`."""
    return render_pairs((each.name, each.value) for each in criteria)


def render_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{quote(name, safe=_READABLE)}={quote(value, safe=_READABLE)}" for name, value in pairs)


def alternatives(value: str) -> list[str]:
    """The values between unescaped commas."""
    return _ALTERNATIVES.findall(value)


def split_prefix(value: str) -> tuple[str, str]:
    """`(prefix, value)` when every alternative carries the same prefix, else `("", value)`."""
    parts = alternatives(value)
    found = [_PREFIXED.match(part.strip()) for part in parts]
    prefixes = {match.group(1) if match else "" for match in found}
    if len(prefixes) != 1 or prefixes == {""}:
        return "", value
    return prefixes.pop(), ",".join(part.strip()[2:] for part in parts)


def join_prefix(prefix: str, value: str) -> str:
    """`value` with `prefix` before each alternative that has none of its own."""
    if prefix not in PREFIXES:
        return value
    return ",".join(
        part if _PREFIXED.match(part) else prefix + part for part in map(str.strip, alternatives(value))
    )


def criteria_from_fields(fields: Mapping[str, Sequence[str]]) -> tuple[Criterion, ...]:
    """Criteria of submitted form fields, in their order; empty ones are left out.

    A field is named as the parameter; `.m:<code>` and `.x:<code>` hold the modifier and the prefix of its
    first, second, … value. A parameter's name may also carry its modifier itself (`name:exact=Eve`).
    """
    found = []
    for name, values in fields.items():
        if name.startswith("."):
            continue
        modifiers, prefixes = fields.get(f".m:{name}", ()), fields.get(f".x:{name}", ())
        for index, value in enumerate(values):
            if not value.strip():
                continue
            prefix = prefixes[index] if index < len(prefixes) else ""
            modifier = modifiers[index] if index < len(modifiers) else ""
            modifier = MISSING if prefix == MISSING else modifier
            written = f"{name}:{modifier}" if modifier else name
            # Fields of several lines break a value where a person likes; a query has no lines.
            found.append(criterion(written, join_prefix(prefix, _BREAK.sub(" ", value.strip()))))
    return tuple(found)
