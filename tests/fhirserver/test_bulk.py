from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.outcomes import FhirError
from fhirserver.partitions import counts_by_type
from tests.fhirserver.client import Client


def patients(count: int) -> list[dict[str, Any]]:
    return [{"resourceType": "Patient", "id": f"p{number}", "gender": "male"} for number in range(count)]


def test_loaded_resources_are_read_like_any_other(client: Client) -> None:
    told: list[int] = []
    assert bulk.load(client.partition, patients(450), report=told.append) == 450
    assert told == [200, 400, 450]
    assert client.get("Patient/p449").json()["gender"] == "male"
    assert counts_by_type(client.partition) == {"Patient": 450}


def test_loading_again_changes_only_what_differs(client: Client) -> None:
    bulk.load(client.partition, patients(3))
    again = patients(3)
    again[1]["gender"] = "female"
    bulk.load(client.partition, again)
    etags = [client.get(f"Patient/p{number}").headers["ETag"] for number in range(3)]
    assert etags == ['W/"1"', 'W/"2"', 'W/"1"']


def test_what_is_no_resource_is_told_with_its_place(client: Client) -> None:
    refused: list[bulk.Refused] = []
    bad: list[Any] = [*patients(1), {"resourceType": "Nothing"}, {"resourceType": "Patient", "id": "a b"}]
    assert bulk.load(client.partition, bad, refused=refused.append) == 1
    assert [one.number for one in refused] == [2, 3]
    with pytest.raises(FhirError):
        bulk.load(client.partition, bad)
