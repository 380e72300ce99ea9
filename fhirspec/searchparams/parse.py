"""Search expressions as steps: the part of FHIRPath that the official parameters use.

`(Observation.value as Quantity)` becomes Observation / value / as Quantity. https://hl7.org/fhir/R4/fhirpath.html
"""

import re
from dataclasses import dataclass


class UnsupportedExpression(ValueError):
    """An expression that uses more of FHIRPath than search parameters need; the message names the part."""


@dataclass(frozen=True, slots=True)
class Name:
    """A child element."""

    name: str


@dataclass(frozen=True, slots=True)
class OfType:
    """Keep values of this type."""

    type: str


@dataclass(frozen=True, slots=True)
class Item:
    """The one item at this index."""

    index: int


@dataclass(frozen=True, slots=True)
class WhereEquals:
    """Keep nodes with a child of this value."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class WhereResolves:
    """Keep references to this resource type."""

    type: str


@dataclass(frozen=True, slots=True)
class WhereHasExtension:
    url: str


@dataclass(frozen=True, slots=True)
class ExtensionNamed:
    """The extensions of this URL."""

    url: str


@dataclass(frozen=True, slots=True)
class ExistsAndIsNotFalse:
    """True when there is a value other than `false` (`Patient.deceased`)."""


Step = (
    Name
    | OfType
    | Item
    | WhereEquals
    | WhereResolves
    | WhereHasExtension
    | ExtensionNamed
    | ExistsAndIsNotFalse
)

_STEP = re.compile(
    r"""\.?(?:
      (?P<call>where|as|ofType|extension|exists|resolve|first)\((?P<argument>(?:[^()']|'[^']*'|\([^()]*\))*)\)
    | \[(?P<index>\d+)\]
    | (?P<name>[A-Za-z][A-Za-z0-9]*)
    )""",
    re.VERBOSE,
)
_AS = re.compile(r"^\((?P<path>.+)\s+as\s+(?P<type>[A-Za-z]+)\)(?P<rest>.*)$")
_EXISTS = re.compile(r"^(?P<path>[\w.]+)\.exists\(\)\s+and\s+(?P=path)\s*!=\s*false$")
_EQUALS = re.compile(r"^\s*([A-Za-z]+)\s*=\s*'([^']*)'\s*$")
_RESOLVES = re.compile(r"^\s*resolve\(\)\s+is\s+([A-Za-z]+)\s*$")
_HAS_EXTENSION = re.compile(r"^\s*hasExtension\('([^']+)'\)\s*$")


def split_union(expression: str) -> list[str]:
    """The members of a union, split at `|` outside parentheses and quotes."""
    parts, depth, quoted, start = [], 0, False, 0
    for at, character in enumerate(expression):
        if character == "'":
            quoted = not quoted
        elif not quoted and character in "()":
            depth += 1 if character == "(" else -1
        elif character == "|" and depth == 0 and not quoted:
            parts.append(expression[start:at])
            start = at + 1
    return [part.strip() for part in (*parts, expression[start:]) if part.strip()]


def parse(expression: str) -> tuple[Step, ...]:
    """The steps of one member of a union. UnsupportedExpression names what is not understood."""
    text = expression.strip()
    if found := _EXISTS.match(text):
        return (*parse(found["path"]), ExistsAndIsNotFalse())
    if found := _AS.match(text):
        return (*parse(found["path"]), OfType(found["type"]), *parse(found["rest"]))
    if text.startswith("(") and text.endswith(")"):
        return parse(text[1:-1])
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None or match.end() == at:
            raise UnsupportedExpression(f"cannot read {text[at:]!r} in {expression!r}")
        steps.append(_step(match))
        at = match.end()
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if name := match["name"]:
        return Name(name)
    if match["index"]:
        return Item(int(match["index"]))
    argument = match["argument"].strip()
    match match["call"]:
        case "as" | "ofType":
            return OfType(argument)
        case "extension":
            return ExtensionNamed(argument.strip("'"))
        case "first":
            return Item(0)
        case "where":
            return _where(argument)
    raise UnsupportedExpression(f"{match['call']}() is not used by search parameters")


def _where(argument: str) -> Step:
    if found := _EQUALS.match(argument):
        return WhereEquals(found[1], found[2])
    if found := _RESOLVES.match(argument):
        return WhereResolves(found[1])
    if found := _HAS_EXTENSION.match(argument):
        return WhereHasExtension(found[1])
    raise UnsupportedExpression(f"where({argument})")
