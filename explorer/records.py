"""The stored records of a deployment, looked at by a member of its team.

What is asked for passes the same door as any client's request, with the member as its credential: it may read and no more, it counts
against the limits, and it is a line in the log and an audit event with the person's name.
"""

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.urls import reverse

from deployments.endpoint import fhir_base
from deployments.models import Deployment
from explorer import definitions
from explorer.answers.difference import content_of
from explorer.building.outgoing import MEDIA_TYPES, Outgoing
from explorer.sending import send
from gateway.decisions import Member
from portal.models import User

RECORDS_A_PAGE = 20
VERSIONS_SHOWN = 50
MOST_BYTES = 8_000_000
MOST_LINES = 3_000
_REFERENCE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")


@dataclass(frozen=True)
class Told:
    """The decoded answer, empty where it cannot be read, and what the server says against it."""

    status: int
    body: dict[str, Any]
    trace_id: str

    @property
    def fault(self) -> str:
        """The server's own words for a refusal; empty for what was found."""
        if self.status < 400 and self.body:
            return ""
        issues = self.body.get("issue") or [{}]
        said = str(issues[0].get("diagnostics") or issues[0].get("details", {}).get("text") or "")
        return said or "The answer is too large to be shown here."


class Records:
    """What one member may look at in one deployment."""

    def __init__(self, deployment: Deployment, user: User, client_address: str) -> None:
        self.deployment = deployment
        self._base = fhir_base(deployment)
        self._member = Member(user.email, user.get_full_name())
        self._address = client_address

    def get(self, path: str) -> Told:
        """`path` follows the base, with its query."""
        request = Outgoing("GET", f"{self._base}/{path}", (("Accept", MEDIA_TYPES["json"]),), secret=None)
        answer = send(request, "", self._address, MOST_BYTES, member=self._member)
        body = definitions.decode_json(answer.body) if answer.complete and answer.is_json else {}
        return Told(answer.status, body if isinstance(body, dict) else {}, answer.header("x-request-id"))

    def address_of(self, resource_type: str, logical_id: str) -> str:
        """The page of a record, empty when there can be none."""
        if not definitions.is_resource_type(resource_type) or not _REFERENCE.fullmatch(
            f"{resource_type}/{logical_id}"
        ):
            return ""
        return reverse("records:record", args=[self.deployment.pk, resource_type, logical_id])

    def link(self, key: str, value: Any) -> str | None:
        """Where a reference in a record leads."""
        if key != "reference" or not isinstance(value, str):
            return None
        found = _REFERENCE.fullmatch(value.removeprefix(f"{self._base}/"))
        return (self.address_of(found[1], found[2]) if found else "") or None


def query_of(url: str) -> str:
    """The query of a page's link: what follows it is the same search."""
    return urlsplit(url).query


@dataclass(frozen=True)
class Pair:
    """One line of both versions. `kind`: same, changed, removed (left only) or added (right only)."""

    kind: str
    left: str
    right: str


def side_by_side(left: dict[str, Any], right: dict[str, Any]) -> list[Pair]:
    """Two versions line by line, without what changes with every version."""
    before, after = (_lines(version) for version in (left, right))
    pairs: list[Pair] = []
    for kind, i1, i2, j1, j2 in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        gone, come = before[i1:i2], after[j1:j2]
        for number in range(max(len(gone), len(come))):
            one = gone[number] if number < len(gone) else ""
            other = come[number] if number < len(come) else ""
            pairs.append(Pair(_kind(kind, bool(one), bool(other)), one, other))
    return pairs


def _lines(version: dict[str, Any]) -> list[str]:
    indent: Callable[[Any], str] = definitions.indent_json
    return indent(content_of(version)).splitlines()[:MOST_LINES]


def _kind(opcode: str, left: bool, right: bool) -> str:
    if opcode == "equal":
        return "same"
    return "changed" if left and right else "removed" if left else "added"
