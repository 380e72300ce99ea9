"""History of an instance, a type and the whole server."""

from typing import Any

import pytest

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
    # For clients times are milliseconds: when the third version began, the second had ended.
    assert [entry["resource"]["meta"]["versionId"] for entry in at["entry"]] == ["3"]
    assert "entry" not in client.get(f"{address}/_history?_at=2001").json()
    assert client.get(f"{address}/_history?_since=yesterday").status == 400


def test_the_history_of_the_server_holds_every_type(client: Client) -> None:
    client.create(PATIENT)
    client.create({"resourceType": "Basic", "code": {"text": "x"}})
    bundle = client.get("_history").json()
    assert {entry["resource"]["resourceType"] for entry in bundle["entry"]} == {"Patient", "Basic"}
    of_type = client.get("Basic/_history").json()
    assert of_type["total"] == 1


def test_a_history_of_a_list_holds_its_resources_only(client: Client) -> None:
    mine, _ = client.create(PATIENT), client.create(PATIENT)
    item = {"item": {"reference": f"Patient/{mine['id']}"}}
    listed = client.create({"resourceType": "List", "status": "current", "mode": "working", "entry": [item]})
    client.put(f"Patient/{mine['id']}", mine)
    for address in ("_history", "Patient/_history"):
        bundle = client.get(f"{address}?_list={listed['id']}").json()
        assert bundle["total"] == 2
        assert {entry["resource"]["id"] for entry in bundle["entry"]} == {mine["id"]}
    assert client.get("_history?_list=none").status == 404


@pytest.mark.parametrize("level", ["Patient/{}/_history", "Patient/_history", "_history"])
def test_every_level_has_pages_with_since_and_at(client: Client, level: str) -> None:
    created = client.create(PATIENT)
    address = level.format(created["id"])
    times = [client.put(f"Patient/{created['id']}", created).json()["meta"]["lastUpdated"] for _ in range(4)]
    for query, versions in ((f"_since={times[1]}", ["5", "4", "3"]), (f"_at={times[1]}", ["3"])):
        page = client.get(f"{address}?{query}&_count=1").json()
        seen = []
        while True:
            seen += [entry["resource"]["meta"]["versionId"] for entry in page["entry"]]
            following = [link["url"] for link in page["link"] if link["relation"] == "next"]
            if not following:
                break
            page = client.get(following[0]).json()
        assert seen == versions


def test_the_oldest_version_comes_first_where_that_is_asked_for(client: Client) -> None:
    created = client.create(PATIENT)
    address = f"Patient/{created['id']}"
    for _ in range(4):
        client.put(address, created)
    for level in (f"{address}/_history", "Patient/_history", "_history"):
        page, seen = client.get(f"{level}?_sort=_lastUpdated&_count=2").json(), []
        while True:
            seen += [entry["resource"]["meta"]["versionId"] for entry in page["entry"]]
            following = [link["url"] for link in page["link"] if link["relation"] == "next"]
            if not following:
                break
            page = client.get(following[0]).json()
        assert seen == ["1", "2", "3", "4", "5"]
    newest = client.get(f"{address}/_history?_sort=-_lastUpdated&_count=1").json()
    assert newest["entry"][0]["resource"]["meta"]["versionId"] == "5"
    assert client.get(f"{address}/_history?_sort=name").status == 400


@pytest.mark.parametrize("asked", ["_summary=count", "_count=0"])
def test_a_history_may_be_counted_only(client: Client, asked: str) -> None:
    created = client.create(PATIENT)
    client.put(f"Patient/{created['id']}", created)
    counted = client.get(f"Patient/{created['id']}/_history?{asked}").json()
    assert (counted["total"], "entry" in counted) == (2, False)


def test_what_a_history_does_not_take_is_ignored_unless_strict(client: Client) -> None:
    client.create(PATIENT)
    assert client.get("Patient/_history?colour=red").status == 200
    refused = client.get("Patient/_history?colour=red", prefer="handling=strict")
    assert refused.status == 400
    assert "colour" in refused.json()["issue"][0]["diagnostics"]
