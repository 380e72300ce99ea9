"""string: text in parts, folded so that case, accents and spacing do not matter.

https://hl7.org/fhir/R4/search.html#string
"""

import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fhirserver.indexing.builder import Builder
from fhirserver.rows import StringRow, param_code
from fhirspec.hashing import hash64
from fhirspec.searchparams import Found

MAX_LENGTH = 480
"""Longer texts are cut: a row of an index has to fit on a part of a page."""

MARK = "\x01"
"""Stands after a folded text that was written otherwise; no folded text holds it."""

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
        "\x00": " ",
        "\x01": " ",
    }
)
_LETTERS = str.maketrans("0123456789abcdef", "ABCDEFGHIJKLMNOP")
_PARTS = {
    "HumanName": ("family", "given", "prefix", "suffix", "text"),
    "Address": ("line", "city", "district", "state", "postalCode", "country", "text"),
    "CodeableConcept": ("text",),
    "Coding": ("display",),
    "Annotation": ("text",),
    "ContactPoint": ("value",),
    "Identifier": ("value",),
}


@lru_cache(maxsize=65536)
def folded(text: str) -> str:
    """Lower case, without accents, single spaces, cut to MAX_LENGTH."""
    return folded_whole(text)[:MAX_LENGTH]


def folded_whole(text: str) -> str:
    """The same, not cut."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(one for one in decomposed if not unicodedata.combining(one))
    return " ".join(text.casefold().translate(_NOT_DECOMPOSED).split())


@lru_cache(maxsize=65536)
def marked(text: str) -> str:
    """The folded text and, unless that is the text itself, a mark of how it was written: what `:exact` looks for.

    The mark stands after a character that no folded text holds, in letters that none holds: no search for words meets it.
    """
    short = folded(text)
    if short == text:
        return short
    digits = f"{hash64(text) & (1 << 64) - 1:016x}"
    return f"{short}{MARK}{digits.translate(_LETTERS)}"


def texts(found: list[Found]) -> Iterator[str]:
    """Every part that is searched on its own."""
    for kind, value in found:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from _parts(value, _PARTS.get(kind, ("text", "display", "value")))


def _parts(value: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        part = value.get(name)
        if isinstance(part, str):
            yield part
        elif isinstance(part, list):
            yield from (one for one in part if isinstance(one, str))


def index(into: Builder, resource_type: str, code: str, found: list[Found]) -> None:
    param = param_code(resource_type, code)
    for text in texts(found):
        into.strings.add(StringRow(param, marked(text)))
