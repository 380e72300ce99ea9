"""What can be told of a body of which only the beginning was read."""

import re
from collections.abc import Iterator
from json import JSONDecoder
from typing import Any

_decode = JSONDecoder().raw_decode
_SPACE = re.compile(r"[\s,:]*")
_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"?|[{}\[\],:]|[^\s{}\[\],:"]+')


def decode_part(text: str, most: int) -> dict[str, Any]:
    """The members of an object as far as they are whole, `most` entries at most; empty for what is no object."""
    found: dict[str, Any] = {}
    if not text.lstrip().startswith("{"):
        return found
    at = text.index("{") + 1
    try:
        while True:
            name, at = _next(text, at)
            at = _skip(text, at)
            if name == "entry" and text[at : at + 1] == "[":
                found["entry"] = []
                at += 1
                while len(found["entry"]) < most and text[_skip(text, at) : _skip(text, at) + 1] == "{":
                    each, at = _next(text, at)
                    found["entry"].append(each)
                return found
            found[str(name)], at = _next(text, at)
    except (ValueError, RecursionError):
        return found


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _next(text: str, at: int) -> tuple[Any, int]:
    return _decode(text, _skip(text, at))


def indent_part(text: str, most: int) -> str:
    """JSON that breaks off, indented without a change to what it says; at most `most` characters."""
    pieces: list[str] = []
    length = 0
    for piece in _indented(text):
        pieces.append(piece)
        length += len(piece)
        if length >= most:
            break
    return "".join(pieces)[:most]


def _indented(text: str) -> Iterator[str]:
    depth, before = 0, ""
    for found in _TOKEN.finditer(text):
        piece = found[0]
        closes, opened = piece in ("}", "]"), before in ("{", "[")
        depth -= closes
        # Nothing stands between the brackets of what is empty.
        if before == "," or closes != opened:
            yield "\n" + "  " * max(depth, 0)
        yield f"{piece} " if piece == ":" else piece
        depth += piece in ("{", "[")
        before = piece
