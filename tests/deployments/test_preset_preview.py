"""What a data set holds can be seen before it is loaded."""

import json
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from deployments.presets import PRESETS, get_preset
from portal.models import Tenant, User
from tests.world import running_deployment

pytestmark = pytest.mark.django_db(databases=["default", "region_local"])


@pytest.fixture
def address(client: Client, alice: User, tenant: Tenant, settings: Settings, tmp_path: Path) -> str:
    settings.PRESETS_DIR = tmp_path
    client.force_login(alice)
    deployment = running_deployment(tenant)
    return f"/deployments/{deployment.pk}/data/presets/"


def test_the_types_of_each_data_set_add_up_to_its_resources() -> None:
    assert [sum(preset.types.values()) for preset in PRESETS] == [preset.resources for preset in PRESETS]


def test_how_many_of_each_type_it_holds_is_shown_before_anything_is_made(
    client: Client, address: str
) -> None:
    page = client.get(f"{address}synthea-20/").content.decode()
    assert "14,287 resources" in page
    assert "7,207" in page
    assert "shown here from then on" in page


def test_one_record_of_each_type_is_shown_of_a_set_that_was_made_here(client: Client, address: str) -> None:
    made = get_preset("synthea-5").path
    records = [
        {"resourceType": "Observation", "id": "o1", "valueQuantity": {"value": 1.50}},
        {"resourceType": "Patient", "id": "ada", "name": [{"family": "<Lovelace>"}]},
        {"resourceType": "Patient", "id": "second"},
    ]
    made.write_text("".join(json.dumps(record) + "\n" for record in records))
    page = client.get(f"{address}synthea-20/").content.decode()
    assert "&lt;Lovelace&gt;" in page
    assert page.index("<summary>Patient") < page.index("<summary>Observation")
    assert "second" not in page
    assert "5 synthetic patients" in page  # where they are from


def test_there_is_no_page_of_an_unknown_set(client: Client, address: str) -> None:
    assert client.get(f"{address}synthea-9000/").status_code == 404
