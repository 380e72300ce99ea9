"""A pasted URL or command fills the form."""

import pytest

from explorer.building.criteria import render_query
from explorer.building.draft import Draft, draft_from_fields
from explorer.building.interactions import SYSTEM_OPERATIONS, TYPE_OPERATIONS
from explorer.building.outgoing import build_request
from explorer.building.paste import NotARequest, draft_from_paste
from explorer.snippets.curl import render_curl

BASE = "http://localhost:8000/fhir/abc/r4"
OPERATIONS = {operation.key: operation for operation in (*TYPE_OPERATIONS, *SYSTEM_OPERATIONS)}


@pytest.mark.parametrize(
    ("text", "operation", "resource_type", "query"),
    [
        (f"{BASE}/Patient?gender=male&birthdate=ge1980", "search", "Patient", "gender=male&birthdate=ge1980"),
        ("Patient?name:exact=Eve&_format=json", "search", "Patient", "name:exact=Eve"),
        ("/Patient/123", "read", "Patient", ""),
        ("GET Patient/123/_history/2", "vread", "Patient", ""),
        ("DELETE Patient?identifier=1", "conditional-delete", "Patient", "identifier=1"),
        ("https://hapi.fhir.org/baseR4/Observation?code=1", "search", "Observation", "code=1"),
        ("Patient/1/$everything?_count=5", "$everything-instance", "Patient", "_count=5"),
        ("metadata", "capabilities", "", ""),
        (f"curl -G {BASE}/Patient -d gender=male --data 'name=x y'", "search", "Patient", "gender=male&name=x%20y"),
        ("curl -XPOST 'x/Patient' -H 'If-None-Exist: identifier=1' -d '{}'", "conditional-create", "Patient", "identifier=1"),
    ],
)  # fmt: skip
def test_a_text_is_read(text: str, operation: str, resource_type: str, query: str) -> None:
    draft = draft_from_paste(text, BASE)
    assert (draft.operation, draft.resource_type) == (operation, resource_type)
    assert render_query(draft.criteria) == query


@pytest.mark.parametrize(
    "text", ["", "curl 'abc", "select * from x", "POST Patient/1/x/y/z", "TRACE Patient"]
)
def test_what_is_no_request_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(NotARequest, match=r"\w+"):
        draft_from_paste(text, BASE)


@pytest.mark.parametrize("key", [key for key in OPERATIONS if key != "history-system"])
def test_our_own_curl_line_comes_back_as_the_same_request(key: str) -> None:
    draft = draft_from_fields(
        {
            ".do": [key],
            ".id": ["p1"],
            ".vid": ["2"],
            ".if-match": ['W/"1"'],
            ".body": ['{"resourceType": "Patient", "x": "it\'s"}'],
            "name": ["O'Neil"],
        },
        "Patient" if OPERATIONS[key] in TYPE_OPERATIONS else "",
        "search",
    )
    request = build_request(draft, OPERATIONS[key], BASE)
    found = draft_from_paste(render_curl(request), BASE)
    assert build_request(found, OPERATIONS[found.operation], BASE) == request


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("curl x/Patient \\\n  -d '<a>\\\n</a>'", "<a>\\\n</a>"),
        ('curl x/Patient -d "<a>\\\n</a>" \\\r\n -i', "<a></a>"),
        ('curl x/Patient -d "it\'s\\\\\n"', "it's\\\n"),
        ("curl x/Patient -d it\\'s\\\n -i", "it's"),
    ],
)
def test_a_backslash_before_a_lines_end_is_what_a_shell_makes_of_it(command: str, body: str) -> None:
    assert draft_from_paste(command, BASE).body == body


def test_a_pasted_secret_is_dropped() -> None:
    draft = draft_from_paste(f"curl -H 'x-api-key: fsk_1' -H 'Authorization: Bearer t' {BASE}/Patient", BASE)
    assert "fsk_1" not in repr(draft)
    assert "Bearer" not in repr(draft)


def test_the_address_of_a_draft_makes_the_same_draft() -> None:
    from django.http import QueryDict

    fields = QueryDict(".do=search&birthdate=1980&.x:birthdate=ge&birthdate=1990&.x:birthdate=lt&.format=xml")
    draft = draft_from_fields(dict(fields.lists()), "Patient", "search")
    again = draft_from_fields(dict(QueryDict(draft.address()).lists()), "Patient", "search")
    assert again == draft
    assert draft.address() == ".do=search&.format=xml&birthdate=ge1980&birthdate=lt1990"


def test_a_draft_has_no_body_in_its_address() -> None:
    draft = Draft("create", "Patient", body='{"resourceType": "Patient"}')
    assert draft.address() == ".do=create"
