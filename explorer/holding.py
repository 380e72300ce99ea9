"""Records of the target as examples: the newest, the next ones, or those of an id or a name; read with the credential in use."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from explorer.answers.brief import brief
from explorer.answers.decoding import decode_answer
from explorer.bench import Bench
from explorer.building.criteria import Criterion, parse_query
from explorer.building.draft import Draft
from explorer.execution import prepare
from explorer.held import Held
from explorer.searching import parameters_of
from explorer.sending import send
from portal.outbound import OutboundError

OWN = "own"
SHOWN_RECORDS = 8
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
# What a record is called by, and what finds it by that: the first that a type has.
_NAMED = (
    "name",
    "title",
    "code",
    "type",
    "vaccineCode",
    "medicationCodeableConcept",
    "description",
    "subject",
    "status",
)
_FINDS = (
    ("name", "contains"),
    ("title", "contains"),
    ("code", "text"),
    ("type", "text"),
    ("vaccine-code", "text"),
)


@dataclass(frozen=True)
class Record:
    """`key` names it as an example."""

    logical_id: str
    label: str
    resource: dict[str, Any]

    @property
    def key(self) -> str:
        return f"{OWN}/{self.logical_id}"


@dataclass(frozen=True)
class Records:
    """One page of them. `following`: the query of the next one, empty on the last. `problem` says why there are none."""

    records: tuple[Record, ...] = ()
    following: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Reader:
    """Whoever looks at records here: nothing is shown that this credential may not see."""

    bench: Bench
    held: Held | None
    client_address: str

    def find(self, text: str = "", page: str = "") -> Records:
        """The newest records, or those whose id or name `text` is; `page` is the `following` of the page before."""
        if page:
            return self.search(page)
        text = text.strip()
        found = self.search(f"_id={text}&_count=1") if _ID.fullmatch(text) else Records()
        if found.records or found.problem:
            return found
        shape = f"_sort=-_lastUpdated&_count={SHOWN_RECORDS}"
        if not text:
            return self.search(shape)
        by_name = self._by_name(text)
        return self.search(shape, by_name) if by_name else Records()

    def one(self, logical_id: str) -> Records:
        return self.search(f"_id={logical_id}&_count=1") if _ID.fullmatch(logical_id) else Records()

    def _by_name(self, text: str) -> Criterion | None:
        known = {each.code for each in parameters_of(self.bench) if each.supported}
        return next(
            (
                Criterion(code, re.sub(r"([,$|\\])", r"\\\1", text), modifier)
                for code, modifier in _FINDS
                if code in known
            ),
            None,
        )

    def search(self, query: str, *more: Criterion) -> Records:
        asked = Draft("search", self.bench.resource_type, criteria=(*more, *parse_query(query)))
        attempt = prepare(self.bench, asked, (), self.held)
        try:
            answer = send(attempt.request, self.held.text if self.held else "", self.client_address)
        except OutboundError as error:
            return Records(problem=str(error))
        if answer.status == 401:
            return Records(problem="Authorize first: what is held here is read with your own credential.")
        found = decode_answer(answer)
        if answer.status != 200 or not isinstance(found, dict):
            return Records(problem=f"The server answered {answer.status} {answer.reason}.")
        held = [each["resource"] for each in found.get("entry", ()) if "resource" in each]
        return Records(tuple(map(_record, held)), _following(found))


def _record(resource: dict[str, Any]) -> Record:
    named = (brief(resource[name]) for name in _NAMED if resource.get(name))
    logical_id = str(resource.get("id", ""))
    return Record(logical_id, next(filter(None, named), logical_id), resource)


def _following(bundle: dict[str, Any]) -> str:
    links = (each.get("url", "") for each in bundle.get("link", ()) if each.get("relation") == "next")
    return urlsplit(str(next(links, ""))).query
