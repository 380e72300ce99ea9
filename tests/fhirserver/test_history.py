"""History of an instance, a type and the whole server."""

from typing import Any

from tests.fhirserver.client import Client

PATIENT: dict[str, Any] = {"resourceType": "Patient", "gender": "female"}


def methods(bundle: dict[str, Any]) -> list[str]:
    return [entry["request"]["method"] for entry in bundle.get("entry", [])]


def test_the_history_of_an_instance_lists_every_version_newest_first(client: Client) -> None:
    created = client.create(PATIENT)
    address = f"Patient/{created['id']}"
    client.put(address, created)
    client.delete(address)
    bundle = client.get(f"{address}/_history").json()
    assert (bundle["type"], bundle["total"]) == ("history", 3)
    assert methods(bundle) == ["DELETE", "PUT", "POST"]
    assert [entry["response"]["etag"] for entry in bundle["entry"]] == ['W/"3"', 'W/"2"', 'W/"1"']
    assert "resource" not in bundle["entry"][0]
    assert client.get("Patient/none/_history").status == 404


def test_pages_of_history_stay_in_place_while_it_grows(client: Client) -> None:
    ids = [client.create(PATIENT)["id"] for _ in range(5)]
    first = client.get("Patient/_history?_count=2").json()
    client.create(PATIENT)
    seen = [entry["resource"]["id"] for entry in first["entry"]]
    page = first
    while following := [link["url"] for link in page["link"] if link["relation"] == "next"]:
        page = client.get(following[0]).json()
        seen += [entry["resource"]["id"] for entry in page["entry"]]
    assert sorted(seen) == sorted(ids)


def test_since_and_at_choose_versions_by_time(client: Client) -> None:
    created = client.create(PATIENT)
    address = f"Patient/{created['id']}"
    second = client.put(address, created).json()["meta"]["lastUpdated"]
    third = client.put(address, created).json()["meta"]["lastUpdated"]
    since = client.get(f"{address}/_history?_since={second}").json()
    assert [entry["resource"]["meta"]["versionId"] for entry in since["entry"]] == ["3", "2"]
    at = client.get(f"{address}/_history?_at={third}").json()
    current_then = [entry["resource"]["meta"]["versionId"] for entry in at["entry"]]
    assert current_then[0] == "3"
    assert "1" not in current_then
    assert "entry" not in client.get(f"{address}/_history?_at=2001").json()
    assert client.get(f"{address}/_history?_since=yesterday").status == 400


def test_the_history_of_the_server_holds_every_type(client: Client) -> None:
    client.create(PATIENT)
    client.create({"resourceType": "Basic", "code": {"text": "x"}})
    bundle = client.get("_history").json()
    assert {entry["resource"]["resourceType"] for entry in bundle["entry"]} == {"Patient", "Basic"}
    of_type = client.get("Basic/_history").json()
    assert of_type["total"] == 1
