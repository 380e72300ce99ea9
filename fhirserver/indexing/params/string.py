"""string: text in parts, folded so that case, accents, spacing and punctuation do not matter.

https://hl7.org/fhir/R4/search.html#string. `O'Brien` is found as `OBrien`, `Smith-Jones` as `smith jones`; points and commas between digits
stay. The parts of a family name are found on their own as well: `Jones` and `Berg` (`van der Berg`).
"""

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator
from functools import lru_cache
from typing import Any

from fhirserver.indexing.builder import Builder
from fhirserver.indexing.definitions import parts_apart
from fhirserver.rows import StringRow, param_code
from fhirspec.hashing import hash64
from fhirspec.searchparams import Found

MAX_LENGTH = 480
"""Longer texts are cut: a row of an index has to fit on a part of a page."""

STRIDE = MAX_LENGTH // 2
"""What lies behind that is kept in pieces that overlap: each text of so many characters is whole in one of them."""

MAX_PIECES = 400

MARK = "\x01"
"""Stands after a folded text that was written otherwise; no folded text holds it."""

PART = "\x02"
"""Stands after a part of a name that is not the whole: it is found, but nothing is compared with it or sorted by it."""

MAX_PARTS = 8

_NOT_DECOMPOSED = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "æ": "ae",
        "œ": "oe",
        "ð": "d",
        "þ": "th",
        "ı": "i",
        **dict.fromkeys(map(chr, range(32)), " "),
    }
)
_GAP = re.compile(r"[\s\-\u2010-\u2015]+")
_STOP = re.compile(r"(?<!\d)[.,]|[.,](?!\d)")
# Neither are these in a folded text, nor do they have another case: SQLite's LIKE would not tell A from a.
_SIGNS = str.maketrans("0123456789abcdef", "".join(map(chr, range(3, 19))))
_PARTS = {
    "HumanName": ("family", "given", "prefix", "suffix", "text"),
    "Address": ("line", "city", "district", "state", "postalCode", "country", "text"),
    "CodeableConcept": ("text",),
    "Coding": ("display",),
    "Annotation": ("text",),
    "ContactPoint": ("value",),
    "Identifier": ("value",),
}


class _Unpunctuated(dict[int, str | None]):
    """What stands for a character, found out when it is first met: nothing for punctuation."""

    def __missing__(self, character: int) -> str | None:
        left_out = unicodedata.category(chr(character))[0] == "P" and chr(character) not in ".,"
        kept = self[character] = None if left_out else chr(character)
        return kept


# Accents that stand alone are written for apostrophes.
_UNPUNCTUATED = _Unpunctuated(dict.fromkeys(map(ord, "`\u00b4\u02bb\u02bc")))


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """Lower case, without accents, spaces and punctuation, cut to MAX_LENGTH."""
    return folded_to_end(text)[:MAX_LENGTH]


def folded_to_end(text: str) -> str:
    """The same, not cut. What is punctuation only stays as it is."""
    words = folded_whole(text)
    bare = words.translate(_UNPUNCTUATED)
    if "." in bare or "," in bare:
        bare = _STOP.sub("", bare)
    return bare.replace(" ", "") or words


def folded_whole(text: str) -> str:
    """The words: lower case, without accents, single spaces."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(one for one in decomposed if not unicodedata.combining(one))
    return " ".join(text.casefold().translate(_NOT_DECOMPOSED).split())


def pieces(text: str) -> list[str]:
    """What a folded text has behind its first MAX_LENGTH characters, and some of what leads there."""
    ends = range(STRIDE, min(len(text) - STRIDE, STRIDE * (MAX_PIECES + 1)), STRIDE)
    return [text[start : start + MAX_LENGTH] for start in ends]


def parts(family: str) -> list[str]:
    """What a family name is found by beside its beginning: from each further part on."""
    text = family.strip()
    starts = [found.end() for found in _GAP.finditer(text) if found.start() > 0 and found.end() < len(text)]
    return [f"{folded(text[start:])}{PART}" for start in starts[:MAX_PARTS]]


def behind(resource_type: str, code: str) -> int:
    """Where the pieces of long texts are found."""
    return param_code(resource_type, f"{code}:behind")


@lru_cache(maxsize=65536)
def marked(text: str) -> str:
    """The folded text and, unless that is the text itself, a mark of how it was written: what `:exact` looks for.

    The mark stands after a character that no folded text holds, in signs that none holds: no search for words meets it.
    """
    short = folded(text)
    if short == text:
        return short
    digits = f"{hash64(text) & (1 << 64) - 1:016x}"
    return f"{short}{MARK}{digits.translate(_SIGNS)}"


def texts(found: list[Found], apart: Container[str] = ()) -> Iterator[str]:
    """Every part that is searched on its own, but those that stand `apart`."""
    for kind, value in found:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            names = _PARTS.get(kind, ("text", "display", "value"))
            yield from _parts(value, [name for name in names if name not in apart] if apart else names)


def _parts(value: dict[str, Any], names: Iterable[str]) -> Iterator[str]:
    for name in names:
        part = value.get(name)
        if isinstance(part, str):
            yield part
        elif isinstance(part, list):
            yield from (one for one in part if isinstance(one, str))


def index(into: Builder, resource_type: str, code: str, found: list[Found]) -> None:
    param = param_code(resource_type, code)
    apart = parts_apart(resource_type, code)
    for text in texts(found, apart):
        into.strings.add(StringRow(param, marked(text)))
        if len(text) > MAX_LENGTH:
            rest = behind(resource_type, code)
            into.strings.update([StringRow(rest, piece) for piece in pieces(folded_to_end(text))])
    for family in _families(code, found) if "family" not in apart else ():
        into.strings.update([StringRow(param, part) for part in parts(family)])


def _families(code: str, found: list[Found]) -> Iterator[str]:
    for kind, value in found:
        family = value.get("family") if kind == "HumanName" else value if code == "family" else None
        if isinstance(family, str):
            yield family
