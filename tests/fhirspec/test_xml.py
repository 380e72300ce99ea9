"""FHIR XML: back and forth without loss, in the order of the definitions, and nothing unsafe is read."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhirspec import json
from fhirspec.validation import validate
from fhirspec.xml import MalformedXml, from_xml, to_xml

HEAD = '<Patient xmlns="http://hl7.org/fhir">'

ROUND_TRIPS: list[dict[str, Any]] = [
    {"resourceType": "Patient"},
    {"resourceType": "Patient", "id": "1", "active": False, "multipleBirthInteger": 0},
    {
        "resourceType": "Patient",
        "name": [
            {
                "id": "n1",
                "given": ["Ann", None, "C"],
                "_given": [None, {"extension": [{"url": "http://example.org", "valueCode": "x"}]}, None],
            }
        ],
        "_birthDate": {"id": "b", "extension": [{"url": "http://example.org", "valueDateTime": "1970"}]},
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "a\nb\tc <&> \"quoted\" 'é' 🔥"},
        "valueQuantity": {"value": Decimal("1.50"), "code": "kg"},
    },
    {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "resource": {
                    "resourceType": "Patient",
                    "contained": [{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}],
                }
            },
            {"resource": {"resourceType": "Binary", "contentType": "text/plain", "data": "aGk="}},
        ],
    },
    {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "part": [{"name": "b", "valueDecimal": Decimal("-0.10")}]}],
    },
    {
        "resourceType": "Patient",
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml"> <p>a <b>b</b> c</p> </div>',
        },
    },
    {
        "resourceType": "ExampleScenario",
        "status": "draft",
        "instance": [{"resourceId": "a", "resourceType": "Patient"}],
    },
]


@pytest.mark.parametrize("resource", ROUND_TRIPS)
@pytest.mark.parametrize("pretty", [False, True])
def test_a_resource_comes_back_as_it_was(resource: dict[str, Any], pretty: bool) -> None:
    back = from_xml(to_xml(resource, pretty=pretty))
    assert back == resource
    assert str(back) == str({key: back[key] for key in back})


def test_decimals_keep_their_digits() -> None:
    resource = {"resourceType": "Observation", "valueQuantity": {"value": Decimal("1.50")}}
    document = to_xml(resource)
    assert b'<value value="1.50"/>' in document
    assert str(from_xml(document)["valueQuantity"]["value"]) == "1.50"


@pytest.mark.parametrize("text", ["1e-7", "1.0e+10", "1E5", "0.00000000000000000001", "1.10e2", "0e0"])
def test_a_decimal_is_written_as_it_came(text: str) -> None:
    document = b'<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value="%s"/></valueQuantity></Observation>'
    resource = from_xml(document % text.encode())
    assert json.encode(resource).endswith(b'{"value":%s}}' % text.encode())
    assert b'<value value="%s"/>' % text.encode() in to_xml(resource)


def test_elements_stand_in_the_order_of_the_definition() -> None:
    document = to_xml({"birthDate": "1970", "name": [{"family": "A"}], "id": "1", "resourceType": "Patient"})
    assert re.findall(rb"<(id|name|birthDate)", document) == [b"id", b"name", b"birthDate"]


def test_ids_of_elements_and_urls_of_extensions_are_attributes() -> None:
    document = to_xml(
        {
            "resourceType": "Patient",
            "id": "p",
            "extension": [{"id": "e", "url": "http://example.org", "valueBoolean": True}],
        }
    )
    assert b'<id value="p"/>' in document
    assert b'<extension id="e" url="http://example.org"><valueBoolean value="true"/></extension>' in document


def test_named_entities_of_a_narrative_become_characters() -> None:
    document = to_xml(
        {
            "resourceType": "Patient",
            "text": {
                "status": "generated",
                "div": '<div xmlns="http://www.w3.org/1999/xhtml">a&nbsp;b</div>',
            },
        }
    )
    assert "a\u00a0b" in from_xml(document)["text"]["div"]


def test_comments_and_the_schema_location_are_skipped() -> None:
    document = (
        '<Patient xmlns="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xsi:schemaLocation="http://hl7.org/fhir x.xsd"><!-- hi --><?pi x?><active value="true"/></Patient>'
    )
    assert from_xml(document.encode()) == {"resourceType": "Patient", "active": True}


MALFORMED = [
    ("", 1, "empty"),
    ("<Patient>", 1, ""),
    ('<Patient xmlns="urn:x"/>', 1, "namespace http://hl7.org/fhir"),
    ('<Unicorn xmlns="http://hl7.org/fhir"/>', 1, "not an R4 resource"),
    (f'{HEAD}\n<nme value="x"/></Patient>', 2, "Patient has no element <nme>"),
    (f'{HEAD}\n\n<gender value="male" x="1"/></Patient>', 3, "no attribute 'x'"),
    (f'{HEAD}\n<gender value="male"/>\n<gender value="male"/></Patient>', 3, "only once"),
    (f"{HEAD}\n<gender/></Patient>", 2, "needs a value"),
    (f'{HEAD}<active value="yes"/></Patient>', 1, "true or false"),
    (f'{HEAD}<multipleBirthInteger value="1,5"/></Patient>', 1, "must be a number"),
    (f"{HEAD}<name>Ann</name></Patient>", 1, "Text is not allowed"),
    (f'{HEAD}<active value="true"/>Ann</Patient>', 1, "Text is not allowed"),
    (f"{HEAD}<contained/></Patient>", 1, "must hold one resource"),
    (f"{HEAD}<div>x</div></Patient>", 1, "no element <div>"),
    ('<!DOCTYPE a [<!ENTITY b "c">]><Patient xmlns="http://hl7.org/fhir"/>', 1, "document type"),
]


@pytest.mark.parametrize(("text", "line", "words"), MALFORMED)
def test_a_malformed_document_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(MalformedXml) as caught:
        from_xml(text.encode())
    assert words in str(caught.value)
    assert caught.value.line == line


def test_external_entities_are_never_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("swordfish")
    document = f'<!DOCTYPE a [<!ENTITY b SYSTEM "{secret.as_uri()}">]>{HEAD}<language value="&b;"/></Patient>'
    with pytest.raises(MalformedXml) as caught:
        from_xml(document.encode())
    assert "swordfish" not in str(caught.value)


def test_deep_nesting_is_refused() -> None:
    text = (
        '<Questionnaire xmlns="http://hl7.org/fhir">' + "<item>" * 150 + "</item>" * 150 + "</Questionnaire>"
    )
    with pytest.raises(MalformedXml, match="nested deeper"):
        from_xml(text.encode())


def test_a_property_that_r4_does_not_know_cannot_be_written() -> None:
    with pytest.raises(MalformedXml, match="Patient has no element 'colour'"):
        to_xml({"resourceType": "Patient", "colour": "red"})


def test_official_examples_survive_the_round_trip(shared_data: Path) -> None:
    for line in (shared_data / "one-per-type.ndjson").read_bytes().splitlines():
        resource = json.decode(line)
        back = from_xml(to_xml(resource))
        # XML may escape a narrative in another way; what it says is the same.
        for one in (resource, back):
            one.get("text", {}).pop("div", None)
        assert back == resource
        assert from_xml(to_xml(back, pretty=True)) == back


def test_an_element_with_a_great_many_attributes_is_refused_at_once() -> None:
    """Asking for the value of each would take minutes, with no other thread at work."""
    attributes = " ".join(f'a{number}="1"' for number in range(200_000))
    with pytest.raises(MalformedXml, match="<Patient> has no attribute 'a0'"):
        from_xml(f'<Patient xmlns="http://hl7.org/fhir" {attributes}/>'.encode())


def test_what_could_not_be_read_again_as_json_is_refused() -> None:
    def nested(levels: int) -> bytes:
        opened = '<extension url="http://x.example">' * levels
        return f'<Patient xmlns="http://hl7.org/fhir">{opened}<valueString value="x"/>{"</extension>" * levels}</Patient>'.encode()

    assert json.decode(json.encode(from_xml(nested(45))))["resourceType"] == "Patient"
    with pytest.raises(MalformedXml, match="deeper than 100 levels of JSON"):
        from_xml(nested(60))


def test_what_xml_cannot_hold_is_shown_as_json_would_write_it() -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "value", "diagnostics": "a\x01\ufffe\x7f"}],
    }
    assert b'value="a\\u0001\\ufffe\x7f"' in to_xml(outcome)
    (problem,) = validate({"resourceType": "Patient", "gender": "a\x01\x7f"}, "Patient")
    assert "'a\\u0001\\u007f'" in problem.message
