"""Full text expressions: words, "phrases", word*, AND, OR (or a comma), NOT (or a minus), parentheses.

https://hl7.org/fhir/R4/search.html#text
"""

import re
from dataclasses import dataclass

from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.search.limits import MAX_TEXT_DEPTH, MAX_TEXT_TERMS
from fhirserver.search.words import words_in


@dataclass(frozen=True, slots=True)
class Phrase:
    """These words in this order; `begins`: the last is the beginning of one."""

    words: tuple[str, ...]
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Without:
    part: "Expression"


Expression = Phrase | Every | Some | Without

_TOKEN = re.compile(
    r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"\*?)|(?P<sign>[(),]|-(?=[^\s,)]))|(?P<bare>(?:\\.|[^\s(),"])+))'
)
_WORDS = {"and": "AND", "or": "OR", "not": "NOT"}


def parse_text(name: str, text: str) -> Expression:
    """Raises BadRequest with the place of the fault, LimitExceeded."""
    return _Parser(name, text).whole()


class _Parser:
    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.tokens = self._tokens(text.rstrip())
        self.at = 0
        self.depth = 0
        self.end = len(text) + 1

    def _tokens(self, text: str) -> list[tuple[str, str, int]]:
        """(kind, text, place): `"` for what is looked for, else the sign or operator itself."""
        found, at = [], 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise self._fault("a quotation mark has no partner", text.index('"', at) + 1)
            token = match[match.lastgroup or ""]
            place = match.end() - len(token) + 1
            operator = _WORDS.get(token.lower(), "") if match["bare"] else match["sign"] or ""
            found.append((operator.replace(",", "OR").replace("-", "NOT") or '"', token, place))
            at = match.end()
        if sum(kind == '"' for kind, _, _ in found) > MAX_TEXT_TERMS:
            raise LimitExceeded(
                f"{self.name} has more than {MAX_TEXT_TERMS} words and phrases (MAX_TEXT_TERMS)."
            )
        return found

    def _fault(self, what: str, place: int) -> BadRequest:
        return BadRequest(f"{self.name}: {what}, at character {place}.")

    def _next(self) -> tuple[str, str, int]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("", "", self.end)

    def whole(self) -> Expression:
        made = self._some()
        kind, _, place = self._next()
        if kind:
            raise self._fault(f"{kind} is not expected here", place)
        return made

    def _some(self) -> Expression:
        parts = [self._every()]
        while self._next()[0] == "OR":
            self.at += 1
            parts.append(self._every())
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _every(self) -> Expression:
        parts = [self._term()]
        while self._next()[0] in ("AND", "NOT", "(", '"'):
            self.at += self._next()[0] == "AND"
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else Every(tuple(parts))

    def _term(self) -> Expression:
        kind, token, place = self._next()
        self.at += 1
        if kind == '"':
            return self._phrase(token, place)
        if kind not in ("(", "NOT"):
            raise self._fault("a word, a phrase or ( is expected", place)
        self.depth += 1
        if self.depth > MAX_TEXT_DEPTH:
            raise LimitExceeded(f"{self.name} is nested more than {MAX_TEXT_DEPTH} deep (MAX_TEXT_DEPTH).")
        made = Without(self._term()) if kind == "NOT" else self._inner(place)
        self.depth -= 1
        return made

    def _inner(self, opened: int) -> Expression:
        made = self._some()
        if self._next()[0] != ")":
            raise self._fault("( is not closed", opened)
        self.at += 1
        return made

    def _phrase(self, token: str, place: int) -> Expression:
        words = words_in(re.sub(r"\\(.)", r"\1", token))
        if not words:
            raise self._fault(f"{token} holds no word to look for", place)
        return Phrase(tuple(words), token.endswith("*"))


def is_led(expression: Expression) -> bool:
    """Whether there are words that must be there: an index cannot list what lacks words only."""
    match expression:
        case Every(parts):
            return any(is_led(one) for one in parts) and all(is_led(_bare(one)) for one in parts)
        case Some(parts):
            return all(is_led(one) for one in parts)
        case Without():
            return False
    return True


def _bare(expression: Expression) -> Expression:
    return expression.part if isinstance(expression, Without) else expression


def scope_of(partition: int, resource_type: str) -> str:
    """The word that every resource of a partition and type is found by."""
    return f"p{partition}{resource_type.lower()}"


def as_fts5(expression: Expression, column: str, scope: str) -> str:
    """https://sqlite.org/fts5.html#full_text_query_syntax. Of words only: nothing in it needs an escape."""
    return f"scope : {scope} AND {column} : ({_fts5(expression)})"


def _fts5(expression: Expression) -> str:
    match expression:
        case Phrase(words, begins):
            return f'"{" ".join(words)}"{" *" if begins else ""}'
        case Some(parts):
            return " OR ".join(f"({_fts5(one)})" for one in parts)
        case Every(parts):
            wanted = " AND ".join(f"({_fts5(one)})" for one in parts if not isinstance(one, Without))
            unwanted = " OR ".join(f"({_fts5(one.part)})" for one in parts if isinstance(one, Without))
            return f"({wanted}) NOT ({unwanted})" if unwanted else wanted
    raise TypeError("FTS5 has no words for this alone")


def as_tsquery(expression: Expression, scope: str) -> str:
    """https://www.postgresql.org/docs/15/datatype-textsearch.html#DATATYPE-TSQUERY"""
    return f"'/{scope}' & ({_tsquery(expression)})"


def _tsquery(expression: Expression) -> str:
    match expression:
        case Phrase(words, begins):
            return " <-> ".join(f"'{word}'" for word in words) + (":*" if begins else "")
        case Some(parts):
            return " | ".join(f"({_tsquery(one)})" for one in parts)
        case Every(parts):
            return " & ".join(f"({_tsquery(one)})" for one in parts)
        case Without(part):
            return f"!({_tsquery(part)})"
