"""Values of composite parameters, between one text and one field for each part: `8867-4$gt100`, with `\\$` and `\\,` inside of a part.

https://hl7.org/fhir/R4/search.html#combining
"""

import re
from collections.abc import Mapping, Sequence

from explorer.building.criteria import Criterion, alternatives, criterion, join_prefix, split_prefix

# Names of form fields: `.c:<code>$0` holds the first part of each row, `.x:<code>$0` its prefix, `.j:<code>` how a row is joined.
PART = ".c:"
PREFIX = ".x:"
JOIN = ".j:"
_PIECES = re.compile(r"\\.|[^$\\]+|[$\\]")
_BARE = re.compile(r"(\\.)|([$,])")
_ESCAPED = re.compile(r"\\([$,])")


def split_parts(value: str) -> list[tuple[str, str]]:
    """`(prefix, text)` of each part of one alternative, as people write it."""
    parts = [""]
    for piece in _PIECES.findall(value):
        if piece == "$":
            parts.append("")
        else:
            parts[-1] += piece
    return [(prefix, _ESCAPED.sub(r"\1", text)) for prefix, text in map(split_prefix, parts)]


def join_parts(parts: Sequence[tuple[str, str]]) -> str:
    """One alternative of `(prefix, text)` parts; what separates is escaped where a part holds it."""
    return "$".join(join_prefix(prefix, _escape(text.strip())) for prefix, text in parts)


def _escape(text: str) -> str:
    return _BARE.sub(lambda found: found[1] or f"\\{found[2]}", text)


def rows_of(value: str) -> list[list[tuple[str, str]]]:
    """The alternatives of a value, each as its parts."""
    return [split_parts(each) for each in alternatives(value)]


def is_first_part(field: str) -> bool:
    return field.startswith(PART) and field.endswith("$0")


def composites_from_fields(fields: Mapping[str, Sequence[str]], first: str) -> list[Criterion]:
    """The criteria of the parameter whose first part the field `first` holds. A row is a further criterion, or joins the one before by "or"."""
    code = first.removeprefix(PART).removesuffix("$0")
    columns: list[Sequence[str]] = []
    prefixes: list[Sequence[str]] = []
    while (name := f"{PART}{code}${len(columns)}") in fields:
        prefixes.append(fields.get(f"{PREFIX}{code}${len(columns)}", ()))
        columns.append(fields[name])
    joins = fields.get(f"{JOIN}{code}", ())
    values: list[str] = []
    for row in range(len(fields[first])):
        parts = [(_at(prefixes[i], row), _at(column, row)) for i, column in enumerate(columns)]
        if not any(text.strip() for _, text in parts):
            continue
        if values and _at(joins, row) == "or":
            values[-1] += f",{join_parts(parts)}"
        else:
            values.append(join_parts(parts))
    return [criterion(code, value) for value in values]


def _at(values: Sequence[str], index: int) -> str:
    return values[index] if index < len(values) else ""
