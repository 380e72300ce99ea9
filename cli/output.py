"""What is written: tables for people, JSON for programs, progress on standard error."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from cli.errors import CommandError

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})")


class Output:
    """`as_json` writes what the server said instead of a table."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._is_terminal = sys.stderr.isatty() and not as_json
        self._shown = ""

    def items(self, items: Iterable[dict[str, Any]], columns: Sequence[str]) -> None:
        found = list(items)
        if self.as_json:
            self.value(found)
        elif found:
            self._table([[_cell(item.get(name)) for name in columns] for item in found], columns)
        else:
            self.note("Nothing found.")

    def item(self, item: dict[str, Any], columns: Sequence[str]) -> None:
        if self.as_json:
            self.value(item)
            return
        width = max(map(len, columns))
        for name in columns:
            print(f"{name.replace('_', ' '):<{width}}  {_cell(item.get(name))}")

    def value(self, value: Any) -> None:
        print(json.dumps(value, ensure_ascii=False, indent=2))

    def line(self, text: str) -> None:
        """A line that a script may read."""
        print(text, flush=True)

    def note(self, text: str) -> None:
        """Words for a person, out of the way of what a script reads."""
        self.settle()
        if not self.as_json:
            print(text, file=sys.stderr)

    def progress(self, text: str) -> None:
        """On a terminal one line that changes, elsewhere a line for each change."""
        if text == self._shown or self.as_json:
            return
        if self._is_terminal:
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)
        else:
            print(text, file=sys.stderr, flush=True)
        self._shown = text

    def settle(self) -> None:
        """Leave the line that changes."""
        if self._shown and self._is_terminal:
            print(file=sys.stderr)
        self._shown = ""

    def error(self, error: CommandError) -> None:
        self.settle()
        told = json.dumps(error.problem) if self.as_json and error.problem else str(error)
        print(told if self.as_json and error.problem else f"fireside: {told}", file=sys.stderr)

    def _table(self, rows: list[list[str]], columns: Sequence[str]) -> None:
        heads = [name.replace("_", " ").upper() for name in columns]
        widths = [max(len(row[at]) for row in [heads, *rows]) for at in range(len(columns))]
        for row in [heads, *rows]:
            print("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _cell(value: Any) -> str:
    if value is None or value in ("", {}, []):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_cell(inner) for inner in value)
    if isinstance(value, dict):
        return " ".join(f"{name}:{inner}" for name, inner in value.items())
    if isinstance(value, str) and _TIME.fullmatch(value):
        return local_time(value)[:16]
    return printable(str(value))


def local_time(iso: str) -> str:
    """An instant as the clock on this machine's wall says it, to the second; programs read ISO 8601 with --json."""
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def printable(text: str) -> str:
    # Control characters in a name must not move a terminal's cursor.
    return "".join(letter if letter.isprintable() else "?" for letter in text)
