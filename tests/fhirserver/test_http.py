"""How requests and answers are formed: media types, versions of FHIR, parts of resources."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from lxml import etree

from tests.fhirserver.client import Client

DIV = '<div xmlns="http://www.w3.org/1999/xhtml">Ada</div>'
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "ada",
    "text": {"status": "generated", "div": DIV},
    "active": True,
    "gender": "female",
    "photo": [{"title": "Ada"}],
    "deceasedBoolean": False,
}


@pytest.fixture
def ada(client: Client) -> Client:
    client.put("Patient/ada", PATIENT)
    return client


@pytest.mark.parametrize(
    ("address", "form", "kind"),
    [
        ("Patient/_search", "gender=female", "json"),
        ("Patient/_search", "gender=female&_format=xml", "xml"),
        ("Patient/_search?_format=xml", "gender=female", "xml"),
        ("Patient/_search?_format=json", "gender=female&_format=xml", "json"),
        ("Patient/_search", "gender=female&_format=turtle", 406),
    ],
)
def test_a_search_by_post_names_its_form_there_too(
    ada: Client, address: str, form: str, kind: str | int
) -> None:
    answered = ada.post(address, form.encode(), content_type="application/x-www-form-urlencoded")
    if isinstance(kind, int):
        assert (answered.status, answered.json()["resourceType"]) == (kind, "OperationOutcome")
    else:
        assert answered.headers["Content-Type"] == f"application/fhir+{kind}; charset=utf-8"
        assert b"ada" in answered.body


def test_what_is_possible_instead_is_named(ada: Client) -> None:
    answered = ada.get("Patient/_search?gender=female")
    assert (answered.status, answered.headers["Allow"]) == (405, "POST")
    assert answered.json()["issue"][0]["diagnostics"].endswith("possible: POST.")


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("", "json"),
        ("*/*", "json"),
        ("application/fhir+json", "json"),
        ("application/fhir+json; fhirVersion=4.0", "json"),
        ("application/fhir+xml", "xml"),
        ("application/fhir+xml;q=0.9, application/fhir+json;q=0.8", "xml"),
        ("application/json;q=0.2,application/fhir+xml", "xml"),
        ("application/fhir+json;q=0, */*", "xml"),
        ("application/fhir+json;q=0, application/fhir+xml;q=0, */*", 406),
        ("application/fhir+xml; fhirVersion=5.0, application/fhir+json;q=0.1", "json"),
        ("application/fhir+turtle, */*;q=0.1", "json"),
        ("application/xml+fhir", "xml"),
        ("xml", "xml"),
        ("json", "json"),
        ("application/json+fhir", "json"),
        ("application/fhir+json;q=0, application/fhir+xml", "xml"),
        ("application/fhir+turtle", 406),
        ("application/fhir+json;q=0", 406),
        ("application/fhir+json; fhirVersion=3.0", 406),
        ("application/fhir+json;q=much", 400),
    ],
)
def test_accept_chooses_the_form_of_the_answer(ada: Client, accept: str, kind: str | int) -> None:
    answered = ada.get("Patient/ada", **({"accept": accept} if accept else {}))
    if isinstance(kind, int):
        assert answered.status == kind
        assert answered.json()["resourceType"] == "OperationOutcome"
    else:
        assert answered.headers["Content-Type"] == f"application/fhir+{kind}; charset=utf-8"


@pytest.mark.parametrize("accept", ["application/json", "text/json", "application/xml", "text/xml"])
@pytest.mark.parametrize("address", ["Patient/ada", "Patient?_id=ada", "Patient/none"])
def test_a_plain_media_type_is_answered_with_itself(ada: Client, accept: str, address: str) -> None:
    """https://hl7.org/fhir/R4/http.html#mime-type"""
    answered = ada.get(address, accept=f"{accept}; charset=utf-8")
    assert answered.headers["Content-Type"] == f"{accept}; charset=utf-8"
    assert answered.body.startswith(b"<" if "xml" in accept else b"{")


def test_the_format_of_a_search_by_post_may_be_in_its_form(ada: Client) -> None:
    form = {"content_type": "application/x-www-form-urlencoded"}
    answered = ada.post("Patient/_search", b"_id=ada&_format=xml", **form)
    assert answered.headers["Content-Type"] == "application/fhir+xml; charset=utf-8"
    assert b'<id value="ada"/>' in answered.body
    assert ada.post("Patient/_search", b"_id=ada&_format=turtle", **form).status == 406


@pytest.mark.parametrize(
    ("asked", "kind"),
    [("xml", "xml"), ("text/xml", "xml"), ("application/fhir+json", "json"), ("json", "json"), ("", "xml")],
)
def test_the_format_parameter_goes_before_accept(ada: Client, asked: str, kind: str) -> None:
    answered = ada.get(f"Patient/ada?_format={asked}", accept="application/fhir+xml")
    assert answered.headers["Content-Type"] == f"application/fhir+{kind}; charset=utf-8"


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/fhir+json; fhirVersion=4.0", 201),
        ("application/json; charset=UTF-8", 201),
        ("application/json+fhir", 201),
        ("application/fhir+json; fhirVersion=3.0", 415),
        ("application/json; charset=latin-1", 415),
        ("application/fhir+ndjson", 415),
        ("multipart/form-data; boundary=x", 415),
    ],
)
def test_a_body_of_another_form_is_415(client: Client, content_type: str, status: int) -> None:
    assert client.post("Patient", PATIENT, content_type=content_type).status == status


def test_a_date_that_cannot_be_read_counts_as_none(ada: Client) -> None:
    """RFC 9110, 13.1.3."""
    assert ada.get("Patient/ada", if_modified_since="soon").status == 200


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "Patient/none", 404),
        ("GET", "Patient?_count=x", 400),
        ("PUT", "metadata", 405),
        ("POST", "Patient", 400),
        ("GET", "Nothing", 404),
    ],
)
def test_errors_come_in_xml_too(client: Client, method: str, address: str, status: int) -> None:
    answered = client.request(method, address, accept="application/fhir+xml")
    assert answered.status == status
    assert answered.headers["Content-Type"].startswith("application/fhir+xml")
    assert b"<OperationOutcome" in answered.body


@pytest.mark.parametrize("name", ["\x01", "\x0b\x1f", "\ufffe\uffff", "a\x02\U0001f525"])
def test_what_xml_cannot_hold_is_shown_in_the_outcome(client: Client, name: str) -> None:
    """Quoted from a body, and from an address."""
    wrong = {"resourceType": "Patient", "gender": name}
    told = [
        client.request("POST", "Patient", wrong, accept="application/fhir+xml"),
        client.get(f"Patient?birthdate={quote(name)}", accept="application/fhir+xml"),
    ]
    assert [one.status for one in told] == [422, 400]
    for one in told:
        assert f"\\u{ord(name.strip('a')[0]):04x}" in one.body.decode()
        assert etree.fromstring(one.body).tag == "{http://hl7.org/fhir}OperationOutcome"


@pytest.mark.parametrize("form", [b"name=\xff", b"name=%FF"])
def test_a_form_that_is_not_utf_8_is_refused(client: Client, form: bytes) -> None:
    answered = client.request(
        "POST", "Patient/_search", form, content_type="application/x-www-form-urlencoded"
    )
    assert answered.status == 400
    assert "not UTF-8" in answered.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    ("query", "there"),
    [
        ("_summary=true", {"text": False, "active": True, "gender": True, "photo": False}),
        ("_summary=text", {"text": True, "active": False, "gender": False, "photo": False}),
        ("_summary=data", {"text": False, "active": True, "gender": True, "photo": True}),
        ("_summary=false", {"text": True, "active": True, "gender": True, "photo": True}),
        (
            "_elements=photo,deceased",
            {"text": False, "active": False, "photo": True, "deceasedBoolean": True},
        ),
        ("_elements=Patient.gender,Observation.code", {"gender": True, "active": False}),
    ],
)
def test_a_part_of_a_resource_holds_what_was_asked_for(
    ada: Client, query: str, there: dict[str, bool]
) -> None:
    (entry,) = ada.get(f"Patient?_id=ada&{query}").json()["entry"]
    for part in (ada.get(f"Patient/ada?{query}").json(), entry["resource"]):
        assert {name: name in part for name in there} == there
        tags = [tag["code"] for tag in part["meta"].get("tag", [])]
        assert tags == ([] if query == "_summary=false" else ["SUBSETTED"])


def test_a_count_has_no_entries(ada: Client) -> None:
    counted = ada.get("Patient?_summary=count").json()
    assert (counted["total"], "entry" in counted) == (1, False)
    assert ada.get("Patient?_summary=most").status == 400


def test_a_header_does_not_change_the_method(ada: Client) -> None:
    answered = ada.post("Patient/ada", PATIENT, x_http_method_override="DELETE")
    assert answered.status == 405
    assert "PUT" in answered.headers["Allow"]
    assert ada.get("Patient/ada").headers["ETag"] == 'W/"1"'


def test_a_minimal_answer_has_neither_body_nor_type(client: Client) -> None:
    answered = client.post("Patient", PATIENT, prefer="return=minimal")
    assert (answered.status, answered.body) == (201, b"")
    assert "Content-Type" not in answered.headers
    assert answered.headers["Location"]


@pytest.mark.parametrize(
    "asked",
    ["_elements=name.family,gender", "_elements=name&_elements=gender", "_elements=Patient.name,gender"],
)
def test_elements_may_be_named_several_ways(client: Client, asked: str) -> None:
    client.put("Patient/ada", {**PATIENT, "name": [{"family": "L", "given": ["A"]}]})
    part = client.get(f"Patient/ada?{asked}").json()
    assert part.keys() == {"resourceType", "id", "meta", "name", "gender"}
    assert part["name"] == [{"family": "L", "given": ["A"]}]


def test_an_element_of_several_types_is_named_with_or_without_its_brackets(ada: Client) -> None:
    for asked in ("deceased", "deceased[x]", "deceasedBoolean"):
        assert ada.get(f"Patient/ada?_elements={asked}").json()["deceasedBoolean"] is False


def test_the_statement_of_capabilities_is_known_by_its_tag(client: Client) -> None:
    for mode in ("full", "terminology"):
        answered = client.get(f"metadata?mode={mode}")
        tag = answered.headers["ETag"]
        known = client.get(f"metadata?mode={mode}", if_none_match=tag)
        assert (known.status, known.body, known.headers["ETag"]) == (304, b"", tag)
        assert client.get(f"metadata?mode={mode}", if_none_match='W/"other"').status == 200


def test_a_patch_of_another_kind_is_told_which_there_are(ada: Client) -> None:
    refused = ada.request("PATCH", "Patient/ada", b"<diff/>", content_type="application/xml-patch+xml")
    assert refused.status == 415
    assert "application/json-patch+json" in refused.headers["Accept-Patch"]


@pytest.mark.parametrize("address", ["Patient/ada/*/_search", "Patient/ada/_search"])
def test_a_compartment_is_searched_by_post_with_and_without_the_star(ada: Client, address: str) -> None:
    form = "application/x-www-form-urlencoded"
    bundle = ada.post(address, b"_type=Patient", content_type=form).json()
    assert [one["resource"]["id"] for one in bundle["entry"]] == ["ada"]
    assert ada.get(address).status == 405


@pytest.mark.parametrize("address", ["patient/ada", "Patients", "?_type=patient"])
def test_of_a_type_that_is_none_the_nearest_is_named(ada: Client, address: str) -> None:
    (issue,) = ada.get(address).json()["issue"]
    assert issue["diagnostics"].endswith("is not a resource type of FHIR R4. Did you mean Patient?")


def test_links_hold_no_character_that_a_strict_client_refuses(ada: Client) -> None:
    """https://www.rfc-editor.org/rfc/rfc3986#section-3.4"""
    asked = 'Patient?identifier=http://a.example|1,|2&name=a b"^{}`\\<>é&_count=1&gender:not=male'
    for link in ada.get(asked).json()["link"]:
        assert re.fullmatch(r"[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]+", link["url"]), link
        assert "http://a.example%7C1,%7C2" in link["url"]
