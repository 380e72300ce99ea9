"""An attempt as the page shows it: the request in several languages, and the answer in several views."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe

from explorer import definitions
from explorer.answers.decoding import decode_answer
from explorer.answers.difference import Change, list_changes
from explorer.answers.headers import ExplainedHeader, explain_headers
from explorer.answers.json_tree import render_tree
from explorer.answers.narrative import safe_narrative
from explorer.answers.outcome import Issue, explain_outcome
from explorer.answers.part import decode_part, indent_part
from explorer.answers.table import MOST_ROWS, Table, bundle_table
from explorer.bench import Bench
from explorer.building.places import line_of
from explorer.building.xml_places import locate
from explorer.execution import LONGEST_REMEMBERED_BODY, Attempt, seal_draft
from explorer.sending import Answer
from explorer.snippets.curl import render_curl
from explorer.snippets.fhirclient import render_fhirclient
from explorer.snippets.fhirpy import render_fhirpy
from explorer.snippets.httpie import render_httpie
from explorer.snippets.javascript import render_javascript
from explorer.snippets.medplum import render_medplum
from explorer.snippets.python import render_python
from explorer.targets import target_url

T = TypeVar("T")
# Text beyond this is shown in part; the whole is a download away.
SHOWN_TEXT = 60_000


@dataclass(frozen=True)
class Snippet:
    slug: str
    label: str
    language: str
    code: str


class Shown:
    """What the answer panel needs of an attempt; each part is made when the template asks for it."""

    def __init__(self, attempt: Attempt, bench: Bench) -> None:
        self.attempt = attempt
        self.bench = bench

    @property
    def answer(self) -> Answer | None:
        return self.attempt.answer

    @cached_property
    def snippets(self) -> list[Snippet]:
        request = self.attempt.request
        base = self.bench.base
        made = [
            Snippet("curl", "curl", "bash", render_curl(request)),
            Snippet("httpie", "HTTPie", "bash", render_httpie(request)),
            Snippet("python", "httpx", "python", render_python(request)),
            Snippet("fhirpy", "fhirpy", "python", render_fhirpy(request, base)),
            Snippet("javascript", "fetch", "javascript", render_javascript(request)),
            Snippet("fhirclient", "fhirclient", "javascript", render_fhirclient(request, base)),
            Snippet("medplum", "Medplum", "javascript", render_medplum(request, base)),
        ]
        # A client library does not speak everything that HTTP does: XML, forms.
        return [snippet for snippet in made if snippet.code]

    @cached_property
    def sealed(self) -> str:
        """The draft for Save and Add to a Bundle, readable for this server alone; empty when its body is too long to keep."""
        draft = self.attempt.draft
        return seal_draft(draft) if len(draft.body) <= LONGEST_REMEMBERED_BODY else ""

    @property
    def can_collect(self) -> bool:
        """Whether the request can become an entry of a Bundle: the server has to take one."""
        return replace(self.bench, resource_type="").offers("batch")

    @property
    def edit_url(self) -> str:
        """Where the resource of this answer is put into the editor, empty when it holds none."""
        found = self.decoded
        if self.attempt.is_dry_run or not isinstance(found, dict) or not found.get("id"):
            return ""
        kind = str(found.get("resourceType", ""))
        if kind in ("Bundle", "OperationOutcome") or not definitions.is_resource_type(kind):
            return ""
        if not replace(self.bench, resource_type=kind).offers("update"):
            return ""
        address = target_url(self.bench.deployment, "edit", kind)
        return f"{address}?{urlencode({'id': found['id']})}"

    @property
    def permalink(self) -> str:
        return self.bench.address(self.attempt.draft)

    @cached_property
    def decoded(self) -> Any:
        """The whole decoded body, XML in its JSON form, or None."""
        return decode_answer(self.answer) if self.answer else None

    @cached_property
    def text(self) -> str:
        """The body as text, indented when it came in one line; at most SHOWN_TEXT characters."""
        if self.answer is None:
            return ""
        if self.decoded is not None and not self.answer.is_indented:
            indent = definitions.indent_xml if self.answer.is_xml else definitions.indent_json
            whole = indent(self.decoded)
        else:
            whole = self.answer.body.decode("utf-8", "replace")
            if not self.answer.complete and self.answer.is_json and not self.answer.is_indented:
                whole = indent_part(whole, SHOWN_TEXT)
        return whole[:SHOWN_TEXT]

    @property
    def in_part(self) -> bool:
        answer = self.answer
        return answer is not None and (not answer.complete or len(self.text) == SHOWN_TEXT)

    @cached_property
    def tree(self) -> SafeString:
        if self.decoded is None:
            return mark_safe("")
        html = render_tree(self.decoded, definitions.json_scalar, self.bench.link)
        return mark_safe(html)  # noqa: S308  the tree escapes every value

    @cached_property
    def table(self) -> Table | None:
        if not isinstance(self._listed, dict) or self._listed.get("resourceType") != "Bundle":
            return None
        return _told(self._table, None)

    @cached_property
    def _listed(self) -> Any:
        """The decoded body, or the entries in that part of it that was read."""
        answer = self.answer
        if answer is None or answer.complete or not answer.is_json:
            return self.decoded
        return decode_part(answer.body.decode("utf-8", "replace"), MOST_ROWS)

    def _table(self) -> Table:
        bench = self.bench
        return bundle_table(self._listed, bench.open_entry, bench.open_url, bench.link)

    @cached_property
    def narrative(self) -> SafeString:
        told = _told(lambda: safe_narrative(self.decoded), "")
        return mark_safe(told)  # noqa: S308  built from an allow-list

    @cached_property
    def changes(self) -> list[Change]:
        if not self.table or self.decoded is None:
            return []
        return _told(lambda: list_changes(self.decoded, definitions.indent_json), [])

    @cached_property
    def issues(self) -> list[Issue]:
        if not isinstance(self.decoded, dict) or self.decoded.get("resourceType") != "OperationOutcome":
            return []
        root = locate(self.attempt.draft.body) if self.attempt.operation.body else None
        return _told(
            lambda: explain_outcome(
                self.decoded, lambda path: line_of(root, path) if root and "." in path else 0
            ),
            [],
        )

    @property
    def body_id(self) -> str:
        """The id of the form's field that holds the body."""
        return f"{self.attempt.operation.id_prefix}-body"

    @property
    def download(self) -> str:
        """Where the whole body can be had: only for what may be sent again without changing anything."""
        operation, draft = self.attempt.operation, self.attempt.draft
        if not operation.safe or operation.body not in ("", "form"):
            return ""
        if draft.resource_type:
            address = target_url(self.bench.deployment, "download", draft.resource_type)
        else:
            address = target_url(self.bench.deployment, "download-system")
        return f"{address}?{draft.address()}"

    @cached_property
    def headers(self) -> list[ExplainedHeader]:
        return explain_headers(self.answer.headers) if self.answer else []

    @property
    def trace_url(self) -> str:
        """Where the deployment's log explains this request, empty when it kept no log."""
        ours = self.answer is not None and not self.attempt.request.outside
        trace_id = self.answer.header("x-request-id") if self.answer and ours else ""
        try:
            return reverse("logs:trace", args=[self.bench.deployment.pk, trace_id]) if trace_id else ""
        except NoReverseMatch:
            return ""

    @property
    def kind(self) -> str:
        """good, warn or bad: how the status is coloured, beside its number."""
        status = self.answer.status if self.answer else 0
        return (
            "good" if 200 <= status < 300 else "info" if status < 400 else "warn" if status < 500 else "bad"
        )

    @cached_property
    def created(self) -> str:
        """The explorer's address of what a write made or changed, from its Location header."""
        location = (
            self.answer.header("location") or self.answer.header("content-location") if self.answer else ""
        )
        return self.bench.open_url(location.split("/_history")[0]) if location else ""

    @property
    def announcement(self) -> str:
        """What a screen reader is told when the answer arrives."""
        if compared := self.attempt.comparison:
            told = "all were shown the same" if compared.same else "they were not shown the same"
            return f"Compared {len(compared.columns)} credentials: {told}."
        if self.answer is None:
            return "The request is shown. It was not sent."
        told = "Dry run, nothing was stored. " if self.attempt.is_dry_run else ""
        told += f"Answer {self.answer.status} {self.answer.reason}"
        if self.table and self.table.total is not None:
            told += f", {self.table.total} found"
        return told


def _told(make: Callable[[], T], nothing: T) -> T:
    """What an answer tells, or nothing: a server elsewhere may send what only looks like FHIR, and its raw text is shown then."""
    try:
        return make()
    except (TypeError, AttributeError, LookupError, ValueError):
        return nothing


def example_tree(text: str, bench: Bench) -> SafeString:
    """An example as a tree whose lines know their elements, so that the schema finds them."""
    html = render_tree(
        definitions.decode_json(text.encode()), definitions.json_scalar, bench.link, paths=True
    )
    return mark_safe(html)  # noqa: S308  the tree escapes every value
