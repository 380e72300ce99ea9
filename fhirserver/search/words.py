"""The words of a resource for full text: the same in the index and in a query, whatever the database's own ideas of a word."""

import re
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from typing import Any

from fhirserver.indexing.params.string import folded_whole

MAX_WORDS = 16_000
MAX_CHARACTERS = 200_000
"""What follows is not found: PostgreSQL knows no places beyond, and no vectors of more than a megabyte."""
MAX_WORD = 100

_WORD = re.compile(r"[^\W_]+")
_TAG = re.compile(r"<[^>]*>")
_UNREAD = frozenset({"resourceType", "meta", "data"})
"""Not content: what the server says itself, and attachments in base64."""


def words_in(text: str) -> list[str]:
    """Lower case and without accents, at most MAX_WORDS of at most MAX_WORD characters."""
    found = _WORD.findall(folded_whole(text)[:MAX_CHARACTERS])
    return [word[:MAX_WORD] for word in found[:MAX_WORDS]]


def narrative_words(resource: dict[str, Any]) -> list[str]:
    """What a reader of the narrative sees (`_text`)."""
    return words_in(_without_tags(resource.get("text", {}).get("div", "")))


def content_words(resource: dict[str, Any]) -> list[str]:
    """All values of the resource, its narrative among them (`_content`)."""
    return words_in(" ".join(_values(resource)))


def _without_tags(div: str) -> str:
    return unescape(_TAG.sub(" ", div))


def _values(resource: dict[str, Any]) -> Iterator[str]:
    """Without recursion: extensions may be nested as deep as a sender likes."""
    waiting: list[Any] = [resource]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, (int, Decimal)) and not isinstance(node, bool):
            yield str(node)
        elif isinstance(node, list):
            waiting.extend(reversed(node))
        elif isinstance(node, dict):
            waiting.extend(_read(name, node[name]) for name in reversed(node) if name not in _UNREAD)


def _read(name: str, value: Any) -> Any:
    return _without_tags(value) if name == "div" and isinstance(value, str) else value
