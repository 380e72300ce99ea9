"""The editor knows where problems stand in a body, and what may be written at the cursor."""

import json

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from deployments.models import Deployment
from explorer.building.places import cursor_at, find_places, line_of
from explorer.definitions.completion import complete

PATIENT = """{
  "resourceType": "Patient",
  "name": [
    {"family": "A"},
    {
      "given": [
        "B",
        "C"
      ]
    }
  ],
  "deceasedBoolean": true
}"""


@pytest.mark.parametrize(
    ("location", "line"),
    [
        ("Patient", 1),
        ("Patient.name", 4),
        ("Patient.name[0].family", 4),
        ("Patient.name[1].given[1]", 8),
        ("Patient.name[1].given[7]", 6),
        ("Patient.deceased", 12),
        ("Patient.nothing.here", 1),
    ],
)
def test_a_location_is_found_in_the_text(location: str, line: int) -> None:
    root = find_places(PATIENT)
    assert root
    assert line_of(root, location) == line


@given(st.text(alphabet='{}[]:,"\\ax1 \n', max_size=40), st.integers(0, 40))
def test_no_text_is_too_broken_to_be_read(text: str, offset: int) -> None:
    find_places(text)
    assert cursor_at(text, offset).wants in ("key", "value")


def offered(text: str) -> list[str]:
    return [each.text for each in complete(text, len(text), "Patient")[1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"resourceType":"Patient","gender":"fe', "female"),
        ('{"resourceType":"Patient","gender":', "male"),
        ('{"resourceType":"Patient","cont', "contact"),
        ('{"resourceType":"Patient","active":t', "true"),
        ('{"resourceType":"Patient","contact":[{"relationship":[{"coding":[{"sys', "system"),
        ('{"resourceType":"Patient","maritalStatus":{"coding":[{"code":"', "M"),
        ('{"resourceType":"Patient","contained":[{"resourceType":"Organization","na', "name"),
        ('{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","status":"f', "final"),
        ('{"resourceType":"Questionnaire","item":[{"item":[{"ty', "type"),
        ('{"resourceType":"Pat', "Patient"),
        ("{", "resourceType"),
    ],
)
def test_elements_and_codes_are_offered_where_they_belong(text: str, expected: str) -> None:
    assert expected in offered(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"resourceType":"Patient","gender":"male","ge',
        '{"resourceType":"Patient","deceasedBoolean":true,"deceased',
        "",
    ],
)
def test_what_is_there_or_does_not_belong_is_not_offered(text: str) -> None:
    assert not {"gender", "deceasedDateTime", "deceasedBoolean"} & set(offered(text))


@pytest.mark.django_db(databases="__all__")
def test_problems_are_those_of_validate_with_their_lines(explorer: Client, deployment: Deployment) -> None:
    def problems(text: str, kind: str = "Patient") -> list[tuple[int, bool]]:
        url = reverse("explorer:editor-problems", args=[deployment.pk])
        found = explorer.post(url, {"text": text, "type": kind}).json()["problems"]
        return [(each["line"], each["error"]) for each in found]

    assert problems('{\n"resourceType": "Patient",\n"gender": "x",\n"nonsense": 1\n}') == [
        (3, True),
        (4, True),
    ]
    assert problems('{\n"resourceType": "Patient",\n"contact": [\n{"gender": "male"}]}')[-1] == (4, True)
    assert problems('{\n"resourceType": "Patient",\n') == [(3, True)]
    assert problems("") == []
    xml = '<Patient xmlns="http://hl7.org/fhir">\n\n<gender value="{}"/>\n</Patient>'
    assert not any(is_error for _, is_error in problems(xml.format("male")))
    assert problems(xml.format("x")) == [(3, True)]
    assert problems("\n<Patient/>") == [(2, True)], "it has no namespace"
    entry = {
        "resource": {"resourceType": "Patient", "gender": 1},
        "request": {"method": "POST", "url": "Patient"},
    }
    bundle = json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [entry]}, indent=1)
    assert (bundle[: bundle.index('"gender"')].count("\n") + 1, True) in problems(bundle, "Bundle")


@pytest.mark.django_db(databases="__all__")
def test_a_cursor_is_answered_with_what_fits(explorer: Client, deployment: Deployment) -> None:
    url = reverse("explorer:editor-complete", args=[deployment.pk])
    answer = explorer.post(url, {"text": '{"resourceType":"Patient","birthD', "type": "Patient"}).json()
    assert (answer["wants"], answer["quoted"]) == ("key", True)
    assert [each["text"] for each in answer["items"]] == ["birthDate"]
