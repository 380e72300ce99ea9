"""`_filter` expressions as trees: comparisons, joined by `and` and `or` from left to right without precedence, `not (…)`, parentheses.

https://hl7.org/fhir/R4/search_filter.html
"""

import json
import re
from dataclasses import dataclass
from typing import Final

from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.search.limits import MAX_FILTER_DEPTH, MAX_FILTER_TERMS

OPERATORS: Final = (
    "eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "ap", "sa", "eb", "pr", "po", "ss", "sb", "in", "ni", "re",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One name of a path, and what `[…]` asks of that which it leads to. `place`: its first character, from 1."""

    name: str
    kept: "Filter | None"
    place: int


@dataclass(frozen=True, slots=True)
class Comparison:
    path: tuple[Step, ...]
    operator: str
    value: str
    place: int


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Without:
    part: "Filter"


Filter = Comparison | Every | Some | Without

# A colon names a chain's type (subject:Patient.name) and the parts of _has.
_NAME = re.compile(r"[A-Za-z_][\w\-:]*", re.ASCII)
_WORD = re.compile(r"[A-Za-z]+(?=[\s(]|$)")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TOKEN = re.compile(r"[^\s()\[\]]+")
_SPACE = re.compile(r"\s*")
_AND_OR: Final = ("and", "or")


def parse_filter(text: str) -> Filter:
    """Raises BadRequest with the place of the fault, LimitExceeded."""
    return _Parser(text).whole()


def fault(what: str, place: int) -> BadRequest:
    return BadRequest(f"_filter: {what}, at character {place}.")


def _too_deep() -> LimitExceeded:
    return LimitExceeded(
        f"_filter is nested more than {MAX_FILTER_DEPTH} deep (MAX_FILTER_DEPTH); every turn from and to or counts."
    )


def _height(asked: Filter) -> int:
    match asked:
        case Every(parts) | Some(parts):
            return 1 + max(map(_height, parts))
        case Without(part):
            return 1 + _height(part)
    return 0


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.terms = 0

    def whole(self) -> Filter:
        made = self._joined()
        self._skip()
        if self.at < len(self.text):
            raise self._fault(f"and, or, or the end is expected instead of {self._shown()}")
        # Turns from `and` to `or` nest as well, without a bracket.
        if _height(made) > MAX_FILTER_DEPTH:
            raise _too_deep()
        return made

    def _fault(self, what: str) -> BadRequest:
        return fault(what, self.at + 1)

    def _shown(self) -> str:
        found = _TOKEN.match(self.text, self.at)
        return found[0][:40] if found else self.text[self.at : self.at + 1] or "the end"

    def _skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def _take(self, pattern: re.Pattern[str], what: str) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise self._fault(f"{what} is expected instead of {self._shown()}")
        self.at = found.end()
        return found[0]

    def _word(self) -> str:
        """The word that follows, if it may be `and`, `or` or `not`; nothing is taken."""
        self._skip()
        found = _WORD.match(self.text, self.at)
        return found[0].lower() if found else ""

    def _joined(self) -> Filter:
        made = self._one()
        while (word := self._word()) in _AND_OR:
            self.at += len(word)
            made = _join(word, made, self._one())
        return made

    def _one(self) -> Filter:
        if self._word() == "not":
            self.at += len("not")
            self._skip()
            if not self.text.startswith("(", self.at):
                raise self._fault(f"( is expected after not, instead of {self._shown()}")
            return Without(self._inside(")"))
        if self.text.startswith("(", self.at):
            return self._inside(")")
        return self._comparison()

    def _inside(self, closing: str) -> Filter:
        """What stands between the bracket here and its partner."""
        opened = self.at
        self.depth += 1
        if self.depth > MAX_FILTER_DEPTH:
            raise _too_deep()
        self.at += 1
        made = self._joined()
        self._skip()
        if not self.text.startswith(closing, self.at):
            raise fault(f"{self.text[opened]} is not closed by {closing}", opened + 1)
        self.at += 1
        self.depth -= 1
        return made

    def _comparison(self) -> Comparison:
        self.terms += 1
        if self.terms > MAX_FILTER_TERMS:
            raise LimitExceeded(f"_filter has more than {MAX_FILTER_TERMS} comparisons (MAX_FILTER_TERMS).")
        place, path = self.at + 1, self._path()
        self._skip()
        started = self.at
        operator = self._take(_TOKEN, "an operator such as eq")
        if operator not in OPERATORS:
            raise fault(f"{operator[:40]} is no operator: these are {', '.join(OPERATORS)}", started + 1)
        self._skip()
        return Comparison(path, operator, self._value(), place)

    def _path(self) -> tuple[Step, ...]:
        steps = [self._step()]
        while self.text.startswith(".", self.at):
            self.at += 1
            steps.append(self._step())
        if steps[-1].kept is not None:
            raise self._fault("a dot and a parameter are expected after ]")
        return tuple(steps)

    def _step(self) -> Step:
        place, name = self.at + 1, self._take(_NAME, "the name of a search parameter")
        return Step(name, self._inside("]") if self.text.startswith("[", self.at) else None, place)

    def _value(self) -> str:
        started = self.at
        if not self.text.startswith('"', started):
            return self._take(_TOKEN, "a value")
        quoted = self._take(_STRING, "a string that ends with a quotation mark")
        try:
            return str(json.loads(quoted, strict=False))
        except ValueError:
            raise fault("the string is not one of JSON", started + 1) from None


def _join(word: str, made: Filter, following: Filter) -> Filter:
    # Runs of one word stay one list: depth is for what is really nested.
    kind = Every if word == "and" else Some
    if isinstance(made, kind):
        return kind((*made.parts, following))
    return kind((made, following))
