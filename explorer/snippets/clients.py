"""A request as a FHIR client library sees it: an interaction below a base, not a URL."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from explorer.building.outgoing import MEDIA_TYPES, Outgoing


@dataclass(frozen=True)
class Call:
    """`path` and `query` stand below `base`; `body` is decoded. `headers` are those that a client does not send by itself."""

    method: str
    base: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: Any

    @property
    def segments(self) -> list[str]:
        return [unquote(part) for part in self.path.split("/") if part]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def sent_headers(self) -> tuple[tuple[str, str], ...]:
        """Those headers, with the type of the body where there is one."""
        typed = (("Content-Type", MEDIA_TYPES["json"]),) if self.body is not None else ()
        return self.headers + typed

    @property
    def target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def kind(self) -> str:
        """The interaction that clients have a word of their own for; empty for all others."""
        match self.method, self.segments, bool(self.query):
            case "GET", [name, logical_id], False if name[0].isupper() and logical_id[0] not in "$_":
                return "read"
            case "GET", [name], _ if name[0].isupper():
                return "search"
            case "POST", [name], False if self._holds(name):
                return "create"
            case "PUT", [name, logical_id], False if self._holds(name) and self.body.get("id") == logical_id:
                return "update"
            case "DELETE", [_, _], False:
                return "delete"
        return ""

    def _holds(self, resource_type: str) -> bool:
        return isinstance(self.body, dict) and self.body.get("resourceType") == resource_type


def read_call(request: Outgoing, base: str) -> Call | None:
    """None for what these clients do not speak: XML, forms, patches."""
    headers = {name.lower(): (name, value) for name, value in request.headers}
    accept = headers.pop("accept", ("", MEDIA_TYPES["json"]))[1]
    content = headers.pop("content-type", ("", MEDIA_TYPES["json"]))[1]
    if {accept, content} != {MEDIA_TYPES["json"]} or not request.url.startswith(base):
        return None
    try:
        body = json.loads(request.body) if request.body else None
    except ValueError:
        return None
    path, _, query = request.url.removeprefix(base).strip("/").partition("?")
    return Call(request.method, base, path, query, tuple(headers.values()), body)
