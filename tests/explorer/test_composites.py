"""Composite parameters: one field for each part, joined and escaped, several by "and" and "or", and back from a pasted URL."""

import pytest
from django.test import Client
from django.urls import reverse

from deployments.models import Deployment
from explorer.building.composites import join_parts, rows_of
from explorer.building.draft import draft_from_fields

pytestmark = pytest.mark.django_db(databases=["default", "region_local"])
CODE = "code-value-quantity"


def written(fields: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(each.name, each.value) for each in draft_from_fields(fields, "Observation", "search").criteria]


@pytest.mark.parametrize(
    "value",
    [
        "8867-4$gt100",
        "http://loinc.org|8867-4$gt100|http://unitsofmeasure.org|/min",
        r"a\$b$c\,d",
        "8867-4$",
        "$lt5",
        "a$1,b$2",
        r"a\|b$1",
        r"a$5\$",
    ],
)
def test_what_is_read_into_fields_is_written_as_it_was(value: str) -> None:
    assert ",".join(join_parts(row) for row in rows_of(value)) == value


def test_what_separates_is_escaped_inside_of_a_part() -> None:
    assert join_parts([("", "5$ bill, new"), ("ge", "2")]) == r"5\$ bill\, new$ge2"


def test_fields_of_parts_become_one_criterion() -> None:
    fields = {
        f".c:{CODE}$0": ["8867-4"],
        f".x:{CODE}$1": ["gt"],
        f".c:{CODE}$1": ["100"],
        f".j:{CODE}": ["and"],
    }
    assert written(fields) == [(CODE, "8867-4$gt100")]


def test_further_rows_join_by_or_or_ask_for_more_and_empty_ones_nothing() -> None:
    fields = {
        f".j:{CODE}": ["and", "or", "or", "and"],
        f".c:{CODE}$0": ["8480-6", "8462-4", "", "8867-4"],
        f".x:{CODE}$1": ["gt", "gt", "", "lt"],
        f".c:{CODE}$1": ["140", "90", "", "50"],
    }
    assert written(fields) == [(CODE, "8480-6$gt140,8462-4$gt90"), (CODE, "8867-4$lt50")]


def test_parts_at_the_end_of_a_path_belong_to_the_path() -> None:
    name = f"_has:Observation:patient:{CODE}"
    fields = {f".c:{name}$0": ["8867-4"], f".x:{name}$1": ["gt"], f".c:{name}$1": ["100"]}
    assert written(fields) == [(name, "8867-4$gt100")]


def test_the_form_of_a_url_has_each_part_in_its_field_and_says_it_in_words(
    explorer: Client, deployment: Deployment
) -> None:
    address = reverse("explorer:resource", args=[deployment.pk, "Observation"])
    asked = {".do": "search", CODE: r"8867-4$gt100,a\$b$le2"}
    page = explorer.get(address, asked).content.decode()
    assert f'name=".c:{CODE}$0" value="8867-4"' in page
    assert f'name=".c:{CODE}$0" value="a$b"' in page
    assert f'name=".c:{CODE}$1" value="100"' in page
    assert f'name=".c:{CODE}$1" value="2"' in page
    assert page.count(f'name=".x:{CODE}$1"') == 3  # with an empty row for those without JavaScript
    assert "code is 8867-4 and value is more than 100 in one place" in page


def test_a_form_sent_without_javascript_is_redirected_to_the_joined_value(
    explorer: Client, deployment: Deployment
) -> None:
    address = reverse("explorer:resource", args=[deployment.pk, "Observation"])
    fields = {
        ".do": "search",
        f".c:{CODE}$0": "8867-4",
        f".x:{CODE}$1": "gt",
        f".c:{CODE}$1": "100",
        ".run": "1",
    }
    answered = explorer.get(address, fields)
    assert answered.status_code == 302
    assert f"{CODE}=8867-4$gt100" in answered["Location"]


def test_too_many_parts_stand_in_one_field_as_they_were_written(
    explorer: Client, deployment: Deployment
) -> None:
    address = reverse("explorer:resource", args=[deployment.pk, "Observation"])
    page = explorer.get(address, {".do": "search", CODE: "a$1$2"}).content.decode()
    assert f'name="{CODE}" value="a$1$2"' in page
