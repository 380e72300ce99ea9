"""Whatever a form holds comes back from the page's address, and from the curl command that it shows."""

import json

from django.http import QueryDict
from hypothesis import assume, given
from hypothesis import strategies as st

from explorer.building.criteria import Criterion, parse_name
from explorer.building.draft import HEADER_FIELDS, Draft, draft_from_fields
from explorer.building.interactions import SYSTEM_OPERATIONS, TYPE_OPERATIONS, Operation
from explorer.building.outgoing import build_request
from explorer.building.paste import draft_from_paste
from explorer.snippets.curl import render_curl

BASE = "https://fhir.example.org/r4"
OPERATIONS = {operation.key: operation for operation in (*TYPE_OPERATIONS, *SYSTEM_OPERATIONS)}
SHELL = [*"'\"\\$`!#&|;<>(){}*?~%+ \t\n@=^[]", "\\\n", "\\\r\n"]
# What a field can hold: a browser sends no lone surrogates, and a shell passes no NUL.
TEXT = st.lists(
    st.characters(codec="utf-8", exclude_characters="\x00\r") | st.sampled_from(SHELL), max_size=25
).map("".join)
IDS = st.from_regex(r"[A-Za-z0-9\-.]{1,12}", fullmatch=True)
NAMES = st.from_regex(r"[a-z][a-z-]{0,6}(:[a-z]{1,5})?", fullmatch=True) | st.sampled_from(
    ["_has:Observation:patient:code:in", "subject:Patient.name:exact", "_sort", "_elements", "_id", "_lastUpdated"]
)  # fmt: skip
LINES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=25).map(str.strip)
BODIES = st.sampled_from(['{"a": %s}', "[%s]", "<a>%s</a>", " %s"]).flatmap(
    lambda form: TEXT.map(lambda text: form % (text if "<" in form else json.dumps(text)))
)


def criterion(pair: tuple[str, str]) -> Criterion:
    code, modifier = parse_name(pair[0])
    return Criterion(code, pair[1], modifier)


CRITERIA = (
    st.lists(
        st.tuples(NAMES, TEXT.map(lambda text: " ".join(text.split())).filter(bool)).map(criterion),
        max_size=5,
    )
    .filter(lambda found: sum(each.name in ("_sort", "_elements") for each in found) < 2)
    # A form holds the values of one parameter together.
    .map(lambda found: tuple(sorted(found, key=lambda each: [one.name for one in found].index(each.name))))
)
HEADERS = st.lists(st.sampled_from(list(HEADER_FIELDS.values())), unique=True, max_size=3).flatmap(
    lambda names: st.tuples(*(st.tuples(st.just(name), LINES.filter(bool)) for name in names))
)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    operation = OPERATIONS[draw(st.sampled_from(list(OPERATIONS)))]
    headers = dict(draw(HEADERS))
    return Draft(
        operation.key,
        "Patient" if operation in TYPE_OPERATIONS else "",
        draw(IDS) if operation.needs_id else "",
        draw(IDS) if operation.needs_version else "",
        draw(CRITERIA) if operation.criteria else (),
        tuple((name, headers[name]) for name in HEADER_FIELDS.values() if name in headers),
        body=draw(BODIES) if operation.body and operation.body != "form" else "",
        format=draw(st.sampled_from(["json", "xml"])),
    )


@given(drafts())
def test_the_address_of_any_draft_makes_it_again_but_for_its_body(draft: Draft) -> None:
    fields = dict(QueryDict(draft.address()).lists())
    assert draft_from_fields(fields, draft.resource_type, "") == draft.with_body("")


def is_told_by_its_request(draft: Draft, operation: Operation) -> bool:
    """Without criteria a search of the whole system, and a creation on a condition, are other requests."""
    return bool(draft.criteria) or operation.key not in ("search-system", "conditional-create")


@given(drafts())
def test_the_curl_command_of_any_draft_is_read_back_as_the_same_request(draft: Draft) -> None:
    operation = OPERATIONS[draft.operation]
    assume(is_told_by_its_request(draft, operation))
    request = build_request(draft, operation, BASE)
    found = draft_from_paste(render_curl(request), BASE)
    assert build_request(found, OPERATIONS[found.operation], BASE) == request
