"""Addresses of a connected server and of our endpoint stand for each other where they are to be followed, and nowhere else."""

import json

import pytest

from gateway.readdressing import Readdressing

OLD, NEW = "http://old.example/r4", "https://new.example/fhir/aaaaaaaaaaaa/r4"
TO_OURS = Readdressing([OLD, "https://inside:8080/fhir"], NEW)
BUNDLE = {
    "resourceType": "Bundle",
    "link": [
        {"relation": "self", "url": f"{OLD}/Patient?name=a&_count=2"},
        {"relation": "next", "url": f"{OLD}?_getpages=1&_getpagesoffset=2"},
        {"relation": "next", "url": "https://inside:8080/fhir?_getpages=2"},
        {"relation": "other", "url": "http://old.example/r4b/Patient"},
    ],
    "entry": [
        {
            "fullUrl": f"{OLD}/Patient/1",
            "resource": {
                "resourceType": "Patient",
                "text": {"div": f'<div><a href="{OLD}/Patient/1">\\"url\\": \\"{OLD}/x\\"</a></div>'},
                "meta": {"profile": [f"{OLD}/StructureDefinition/p"], "source": f"{OLD}/Patient/1"},
                "extension": [
                    {"url": f"{OLD}/StructureDefinition/colour", "valueUri": f"{OLD}/Patient/1"},
                    {"url": "http://elsewhere.example/", "valueReference": {"reference": f"{OLD}/Patient/2"}},
                ],
                "identifier": [{"system": f"{OLD}/ids", "value": f"{OLD}/Patient/1"}],
                "photo": [{"url": f"{OLD}/Binary/9"}],
                "managingOrganization": {"reference": "Organization/1"},
            },
            "response": {"location": f"{OLD}/Patient/1/_history/2", "status": "201"},
        },
        {"resource": {"resourceType": "ValueSet", "url": f"{OLD}/ValueSet/colours"}},
    ],
}


def moved() -> dict[str, object]:
    return json.loads(TO_OURS.whole(json.dumps(BUNDLE).encode(), "application/fhir+json; charset=utf-8"))


def test_links_and_references_lead_through_the_door() -> None:
    found: dict[str, object] = moved()
    text = json.dumps(found)
    assert [each["url"] for each in found["link"]] == [  # type: ignore[index,union-attr,attr-defined]
        f"{NEW}/Patient?name=a&_count=2",
        f"{NEW}?_getpages=1&_getpagesoffset=2",
        f"{NEW}?_getpages=2",
        "http://old.example/r4b/Patient",
    ]
    for there in (
        '"fullUrl": "%s/Patient/1"',
        '"location": "%s/Patient/1/_history/2"',
        '"url": "%s/Binary/9"',
    ):
        assert there % NEW in text
    assert f'"reference": "{NEW}/Patient/2"' in text


def test_whatever_is_no_address_to_follow_stays() -> None:
    before, after = BUNDLE["entry"], moved()["entry"]
    for name in ("text", "meta", "identifier", "managingOrganization"):
        assert after[0]["resource"][name] == before[0]["resource"][name]  # type: ignore[index]
    extension = after[0]["resource"]["extension"][0]  # type: ignore[index]
    assert extension == {"url": f"{OLD}/StructureDefinition/colour", "valueUri": f"{OLD}/Patient/1"}
    assert after[1] == before[1]  # type: ignore[index]


@pytest.mark.parametrize(
    "media_type", ["text/plain", "application/pdf", "application/octet-stream", "text/html", ""]
)
def test_a_body_that_is_no_fhir_passes_byte_for_byte(media_type: str) -> None:
    body = json.dumps(BUNDLE).encode()
    assert TO_OURS.whole(body, media_type) == body


@pytest.mark.parametrize(
    "media_type", ["application/fhir+json", "application/json", "application/fhir+ndjson", "text/json"]
)
def test_every_form_of_json_is_read(media_type: str) -> None:
    body = f'{{"reference" :\n  "{OLD}/Patient/1"}}'.encode()
    assert TO_OURS.whole(body, media_type) == f'{{"reference" :\n  "{NEW}/Patient/1"}}'.encode()


def test_slashes_behind_backslashes_are_slashes() -> None:
    body = rb'{"fullUrl":"http:\/\/old.example\/r4\/Patient\/1"}'
    assert json.loads(TO_OURS.whole(body, "application/json")) == {"fullUrl": f"{NEW}/Patient/1"}


def test_xml_has_its_addresses_in_value_attributes() -> None:
    body = (
        f'<Bundle xmlns="http://hl7.org/fhir"><link><relation value="next"/><url value="{OLD}?a=1&amp;b=2"/></link>'
        f"<entry><fullUrl value='{OLD}/Patient/1'/><resource><Patient><extension url=\"{OLD}/StructureDefinition/c\"/>"
        f'<photo><url value="{OLD}/Binary/1"/></photo><url value="{OLD}/ValueSet/colours"/>'
        f'<identifier><system value="{OLD}/ids"/></identifier></Patient></resource></entry></Bundle>'
    )
    after = TO_OURS.whole(body.encode(), "application/fhir+xml").decode()
    assert f'<url value="{NEW}?a=1&amp;b=2"/>' in after
    assert f"<fullUrl value='{NEW}/Patient/1'/>" in after
    assert f'<url value="{NEW}/Binary/1"/>' in after
    for stays in (f'<extension url="{OLD}/', f'<url value="{OLD}/ValueSet/colours"/>', f'value="{OLD}/ids"'):
        assert stays in after


@pytest.mark.parametrize("size", [1, 2, 7, 64, 100_000])
@pytest.mark.parametrize("indent", [None, 2])
def test_the_parts_that_it_comes_in_make_no_difference(size: int, indent: int | None) -> None:
    body = json.dumps([BUNDLE] * 3, indent=indent).encode()
    parts = iter([body[at : at + size] for at in range(0, len(body), size)])
    assert b"".join(TO_OURS.parts(parts, "application/json")) == TO_OURS.whole(body, "application/json")


def test_no_more_than_a_little_is_held_back() -> None:
    given = 0

    def parts() -> object:
        nonlocal given
        for _ in range(2000):
            given += 5000
            yield b'{"fullUrl":"' + OLD.encode() + b'/Patient/1"},' + b" " * 4958

    taken = 0
    for part in TO_OURS.parts(parts(), "application/json"):  # type: ignore[arg-type]
        taken += len(part) - len(NEW) + len(OLD)
        assert given - taken < 20_000


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("subject=http://old.example/r4/Patient/1", f"subject={NEW}/Patient/1"),
        ("subject=http%3A%2F%2Fold.example%2Fr4%2FPatient%2F1&_count=2", f"subject={NEW}/Patient/1&_count=2"),
        ("a=http://old.example/r4/Patient/1,http://x/2", f"a={NEW}/Patient/1,http://x/2"),
        ("url=http://old.example/r4/ValueSet/colours", "url=http://old.example/r4/ValueSet/colours"),
        ("name=%C3%A9t%C3%A9&x", "name=%C3%A9t%C3%A9&x"),
        ("", ""),
    ],
)
def test_the_values_of_a_query_are_addresses_too(query: str, expected: str) -> None:
    assert TO_OURS.query(query) == expected
