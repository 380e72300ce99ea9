"""JSON as nested `<details>`: foldable without a script, its text still valid JSON when copied."""

import json
from collections.abc import Callable
from html import escape
from typing import Any

# Lines beyond this stay out of the page: the whole body is a download away.
MOST_LINES = 1_500

Link = Callable[[str, Any], str | None]


def render_tree(
    value: Any, encode: Callable[[Any], str], link: Link | None = None, paths: bool = False
) -> str:
    """HTML of a decoded JSON value.

    `encode` writes a number exactly as it was sent. `link(key, value)` gives the address of a string that leads
    somewhere. With `paths` each line carries the element it belongs to (`data-element="Patient.name.given"`).
    """
    return _Tree(encode, link, paths).render(value)


class _Tree:
    def __init__(self, encode: Callable[[Any], str], link: Link | None, paths: bool) -> None:
        self.encode, self.link, self.paths = encode, link, paths
        self.lines = 0
        self.parts: list[str] = []

    def render(self, value: Any) -> str:
        root = value.get("resourceType", "") if isinstance(value, dict) else ""
        self._node("", value, "", str(root), 0)
        if self.lines >= MOST_LINES:
            self.parts.append('<p class="jt-cut">Shown in part. Download has the whole body.</p>')
        return "".join(self.parts)

    def _node(self, key: str, value: Any, comma: str, path: str, depth: int) -> None:
        if self.lines >= MOST_LINES:
            return
        self.lines += 1
        label = f'<span class="jk">"{escape(_json_string(key), quote=False)}"</span>: ' if key else ""
        mark = f' data-element="{escape(path)}"' if self.paths and path else ""
        if isinstance(value, dict | list) and value:
            self._nested(label, value, comma, path, depth, mark)
        else:
            self.parts.append(f'<div class="jl"{mark}>{label}{self._leaf(key, value)}{comma}</div>')

    def _nested(
        self, label: str, value: dict[str, Any] | list[Any], comma: str, path: str, depth: int, mark: str
    ) -> None:
        brackets = "{}" if isinstance(value, dict) else "[]"
        start = "" if self._folded(value, depth) else " open"
        count = f'<span class="jn">{len(value)}</span>'
        self.parts.append(
            f"<details{start}{mark}><summary>{label}{brackets[0]}{count}</summary><div class=ji>"
        )
        items = list(value.items()) if isinstance(value, dict) else [("", each) for each in value]
        for index, (key, item) in enumerate(items):
            inner = f"{path}.{key.lstrip('_')}" if key else path
            if isinstance(item, dict) and "resourceType" in item:
                inner = str(item["resourceType"])
            self._node(key, item, "," if index < len(items) - 1 else "", inner, depth + 1)
        self.parts.append(f'</div><div class="jl">{brackets[1]}{comma}</div></details>')

    @staticmethod
    def _folded(value: dict[str, Any] | list[Any], depth: int) -> bool:
        """Narrative and long lists of entries begin folded."""
        if isinstance(value, dict):
            return depth > 0 and "div" in value and "status" in value
        return len(value) > 40

    def _leaf(self, key: str, value: Any) -> str:
        if isinstance(value, str):
            text = f'"{escape(_json_string(value), quote=False)}"'
            address = self.link(key, value) if self.link else None
            if address:
                return f'<a class="jv" href="{escape(address)}">{text}</a>'
            return f'<span class="jv">{text}</span>'
        kind = "jb" if value is None or isinstance(value, bool) else "ju"
        return f'<span class="{kind}">{escape(self.encode(value))}</span>'


def _json_string(text: str) -> str:
    """The inside of a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]
