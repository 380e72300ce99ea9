"""Where things stand in the text of a JSON body: the line of a FHIRPath location, and what the cursor is in.

The text may be unfinished or broken: whatever can be read is read.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"?|[{}\[\],:]|[^\s{}\[\],:"]+')
_STEP = re.compile(r"([A-Za-z_]\w*)(?:\[(\d+)\])?")


@dataclass
class Place:
    """A value in the text. `line` and `column` count from 0; `text` is a string's content, else empty."""

    line: int
    column: int
    text: str = ""
    members: dict[str, "Place"] = field(default_factory=dict)
    items: list["Place"] = field(default_factory=list)


@dataclass
class _Open:
    """An object or array whose end is not reached yet. `key` is the member that is being written."""

    place: Place
    is_array: bool
    key: str = ""
    at_value: bool = False


@dataclass(frozen=True)
class Cursor:
    """`objects` are the objects around the cursor, the outermost first, with the key that leads on from each.

    `wants`: a key of the last object, or a value of its last key. `typed` is what stands between the quote and the cursor.
    """

    objects: tuple[tuple[str, Place], ...]
    wants: Literal["key", "value"]
    typed: str
    quoted: bool


def find_places(text: str) -> Place | None:
    """The outermost value with all that it holds; None for an empty text."""
    return _read(text)[0]


def line_of(root: Place, location: str) -> int:
    """The line, from 1, of a location such as `Patient.name[0].given`, or of the nearest element above it."""
    here = root
    for match in list(_STEP.finditer(location))[1:]:
        name, index = match.groups()
        onward = _member(here, name)
        if onward is None:
            break
        here = onward
        if here.items:
            number = int(index or 0)
            here = here.items[number] if number < len(here.items) else here
    return here.line + 1


def _member(place: Place, name: str) -> Place | None:
    """The member of that name; a choice such as `value` stands in JSON under a longer one (`valueQuantity`)."""
    if name in place.members:
        return place.members[name]
    for key, member in place.members.items():
        if key.startswith(name) and key[len(name) : len(name) + 1].isupper():
            return member
    return None


def cursor_at(text: str, offset: int) -> Cursor:
    """What may be written at `offset`."""
    before = text[:offset]
    _, stack, last = _read(before)
    quoted = last.startswith('"') and not (len(last) > 1 and last.endswith('"')) and before.endswith(last)
    bare = not quoted and bool(last) and last[-1:].isalnum() and before.endswith(last)
    typed = last[1:] if quoted else last if bare else ""
    objects = tuple((each.key, each.place) for each in stack if not each.is_array)
    inside = stack[-1] if stack else None
    is_value = inside is not None and (inside.is_array or inside.at_value)
    return Cursor(objects, "value" if is_value else "key", typed, quoted)


def _read(text: str) -> tuple[Place | None, list[_Open], str]:
    """The outermost place, what is still open at the end of the text, and its last token."""
    root: Place | None = None
    stack: list[_Open] = []
    line, start, seen, last = 0, 0, 0, ""
    for match in _TOKEN.finditer(text):
        breaks = text.count("\n", seen, match.start())
        if breaks:
            line, start = line + breaks, text.rindex("\n", 0, match.start()) + 1
        seen = match.start()
        last = match.group()
        found = _step(stack, last, Place(line, match.start() - start), match.end() == len(text))
        root = root or found
    return root, stack, last


def _step(stack: list[_Open], piece: str, place: Place, is_last: bool) -> Place | None:
    """Take one piece; the place of the value that it begins, if it begins one."""
    inside = stack[-1] if stack else None
    if piece in "}]":
        if stack:
            stack.pop()
        return None
    if piece == ",":
        if inside:
            inside.at_value = False
        return None
    if piece == ":":
        if inside:
            inside.at_value = True
        return None
    unfinished = is_last and piece[0] not in "{["
    if inside and not inside.is_array and not inside.at_value and piece[0] not in "{[":
        if not unfinished:
            inside.key = piece.strip('"')
        return None
    if piece[0] == '"':
        place.text = piece[1:].removesuffix('"')
    if inside and inside.is_array:
        inside.place.items.append(place)
    elif inside:
        inside.place.members.setdefault(inside.key, place)
    if piece in "{[":
        stack.append(_Open(place, piece == "["))
    return place
