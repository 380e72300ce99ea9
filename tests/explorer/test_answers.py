"""What came back is shown without loss and without danger."""

import json
import re
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer.answers.brief import brief
from explorer.answers.difference import list_changes
from explorer.answers.json_tree import render_tree
from explorer.answers.narrative import safe_narrative
from explorer.answers.outcome import Place, explain_outcome
from explorer.answers.part import decode_part, indent_part
from explorer.answers.table import bundle_table
from explorer.definitions import decode_json, indent_json, json_scalar

LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=20)
VALUES = st.recursive(
    LEAVES, lambda v: st.lists(v, max_size=4) | st.dictionaries(st.text(max_size=8), v, max_size=4)
)


def text_of(html: str) -> str:
    """What a browser copies from the tree, without the folded counts."""
    import html as escapes
    import re

    return escapes.unescape(re.sub(r"<[^>]+>", "", re.sub(r'<span class="jn">\d+</span>', "", html)))


@settings(deadline=None)
@given(VALUES)
def test_the_text_of_the_tree_is_the_json(value: object) -> None:
    if isinstance(value, dict) and "" in value:
        return
    shown = text_of(render_tree(value, json_scalar))
    assert shown.replace(" ", "") == json.dumps(value, ensure_ascii=False).replace(" ", "") or _has_empty_key(
        value
    )


def _has_empty_key(value: object) -> bool:
    if isinstance(value, dict):
        return "" in value or any(map(_has_empty_key, value.values()))
    return isinstance(value, list) and any(map(_has_empty_key, value))


def test_a_decimal_keeps_its_digits() -> None:
    value = decode_json(b'{"value": 1.50}')
    assert value["value"] == Decimal("1.50")
    assert "1.50" in render_tree(value, json_scalar)
    assert "1.50" in indent_json(value)


def test_markup_in_a_value_stays_text() -> None:
    html = render_tree({"<b>": "<script>alert(1)</script>"}, json_scalar, lambda key, value: 'x" onload="y')
    assert "<script>" not in html
    assert "<b>" not in html
    assert 'onload="y"' not in html


@pytest.mark.parametrize(
    "div",
    [
        "<div><script>alert(1)</script>ok</div>",
        '<div onclick="alert(1)">ok</div>',
        '<div><a href="javascript:alert(1)">ok</a></div>',
        '<div><img src="https://tracker.example/x.png"/>ok</div>',
        '<div style="position:fixed">ok</div>',
        "<div><iframe src='x'>bad</iframe>ok</div>",
        "<div><x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>ok</div>",
        "<div><form action='/x'><input/></form>ok</div>",
    ],
)
def test_a_narrative_keeps_its_text_and_loses_its_teeth(div: str) -> None:
    shown = safe_narrative({"text": {"div": div}})
    assert "ok" in shown
    for danger in ("alert", "script", "onclick", "href", "src", "style", "iframe", "form"):
        assert danger not in shown


@pytest.mark.parametrize(
    "resource", [None, [], {}, {"text": "x"}, {"text": {"div": "<div>"}}, {"text": {"div": 3}}]
)
def test_what_has_no_narrative_shows_none(resource: object) -> None:
    assert safe_narrative(resource) == ""


def test_an_entity_of_a_narrative_is_not_resolved() -> None:
    div = '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><div>&e;ok</div>'
    assert "root:" not in safe_narrative({"text": {"div": div}})


def version(number: int, family: str) -> dict[str, object]:
    meta = {"versionId": str(number), "lastUpdated": f"2024-01-0{number}T00:00:00Z"}
    patient = {"resourceType": "Patient", "id": "1", "meta": meta, "name": [{"family": family}]}
    return {"resource": patient, "request": {"method": "PUT", "url": "Patient/1"}}


def test_versions_are_compared_with_the_one_before() -> None:
    bundle = {"type": "history", "entry": [version(2, "New"), version(1, "Old")]}
    newer, older = list_changes(bundle, indent_json)
    assert [
        (line.kind, line.text.strip("+- ")) for line in newer.lines if line.kind in ("added", "removed")
    ] == [
        ("removed", '"family": "Old"'),
        ("added", '"family": "New"'),
    ]
    assert older.lines == ()


PART = '{"resourceType":"Bundle","link":[{"relation":"next"}],"entry":[{"resource":{"id":"1","n":1.50}},{"resource":{"id":"2"'


def test_the_entries_of_a_bundle_that_breaks_off_are_listed_as_far_as_they_are_whole() -> None:
    found = decode_part(PART, 10)
    assert found["link"] == [{"relation": "next"}]
    assert [each["resource"]["id"] for each in found["entry"]] == ["1"]
    assert [each["resource"]["id"] for each in decode_part(PART + "}},{}", 2)["entry"]] == ["1", "2"]
    assert decode_part('{"resourceType": "Bun', 10) == {}
    assert decode_part("<Bundle/>", 10) == decode_part("", 10) == {}


def test_json_that_breaks_off_is_indented_and_says_what_it_said() -> None:
    shown = indent_part(PART, 10_000)
    assert '\n      "resource": {\n        "id": "1",\n        "n": 1.50\n      }\n    },' in shown
    assert re.sub(r"\s", "", shown) == PART
    assert indent_part('{"a":[],"b":{}}', 100) == '{\n  "a": [],\n  "b": {}\n}'
    assert len(indent_part(PART, 50)) == 50


def test_a_reference_in_a_table_leads_to_what_it_refers_to() -> None:
    subject = {"reference": "Patient/1", "display": "Eve"}
    entry = {"resource": {"resourceType": "Observation", "id": "2", "status": "final", "subject": subject}}
    table = bundle_table(
        {"entry": [entry]},
        lambda kind, key: "",
        lambda url: url,
        lambda key, value: f"/{value}" if value else None,
    )
    assert [(cell.text, cell.href) for cell in table.rows[0].cells] == [("final", ""), ("Eve", "/Patient/1")]


def test_a_bundle_becomes_a_table_of_what_tells_its_entries_apart() -> None:
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": 2,
        "link": [{"relation": "next", "url": "http://x/Patient?page=2"}],
        "entry": [version(1, "Moreau"), version(2, "Novak")],
    }

    def link(key: str, value: object) -> str | None:
        return f"/{value}" if key == "reference" and value else None

    table = bundle_table(bundle, lambda kind, logical_id: f"/{kind}/{logical_id}", lambda url: url, link)
    assert table.columns == ("name",)
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["Moreau"], ["Novak"]]
    assert table.rows[0].href == "/Patient/1"
    assert table.links == (("next", "http://x/Patient?page=2"),)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"given": ["Ines"], "family": "Moreau"}, "Ines Moreau"),
        ({"coding": [{"code": "8867-4", "display": "Heart rate"}]}, "Heart rate"),
        ({"reference": "Patient/1", "display": "Ines"}, "Ines"),
        ({"value": Decimal("62"), "unit": "/min"}, "62 /min"),
        ({"start": "2020"}, "2020 – …"),
        ({"system": "s", "value": "12345"}, "12345"),
        (["a", "b", "c", "d"], "a; b; c +1"),
        (None, ""),
        (True, "true"),
        ("x" * 200, "x" * 89 + "…"),
    ],
)
def test_a_value_in_few_words(value: object, words: str) -> None:
    assert brief(value) == words


def test_issues_come_worst_first_with_advice() -> None:
    outcome = {
        "issue": [
            {"severity": "information", "code": "informational", "diagnostics": "Fine"},
            {
                "severity": "error",
                "code": "security",
                "details": {"text": "No"},
                "expression": ["Patient.name"],
            },
            {"severity": "odd", "code": "?"},
        ]
    }
    issues = explain_outcome(outcome, len)
    assert [issue.severity for issue in issues] == ["error", "error", "information"]
    assert issues[0].text == "No"
    assert issues[0].places == (Place("Patient.name", 12),)
    assert "credential" in issues[0].advice
