"""Search parameters of guides: on what is written from now on, and on what was there before."""

import threading
import time

import pytest
from django.db import connections

from fhirserver import reindex as reindexing
from fhirserver.guides import memory
from fhirserver.guides.install import install, uninstall
from fhirserver.partitions import Partition, reserve
from fhirserver.reindex import reindex
from tests.fhirserver.client import Client
from tests.fhirserver.guides.packages import CLAN_PARAMETER, member_of, package, search_parameter


def found(client: Client, query: str) -> list[str]:
    answered = client.get(query, prefer="handling=strict")
    assert answered.status == 200, answered.body
    return sorted(
        one["resource"]["id"] for one in answered.json().get("entry", []) if one["search"]["mode"] == "match"
    )


@pytest.fixture
def clans(client: Client) -> Client:
    client.put("Patient/ann", member_of("fox", id="ann"))
    client.put("Patient/bea", member_of("owl", id="bea"))
    client.put(
        "Observation/o",
        {
            "resourceType": "Observation",
            "id": "o",
            "status": "final",
            "code": {"text": "x"},
            "subject": {"reference": "Patient/ann"},
        },
    )
    install(client.partition, package([CLAN_PARAMETER]))
    return client


def test_before_the_index_is_ready_a_search_says_so(clans: Client) -> None:
    clans.put("Patient/new", member_of("fox", id="new"))
    answered = clans.get("Patient?clan=fox").json()
    warned = [one["resource"] for one in answered["entry"] if one["search"]["mode"] == "outcome"]
    assert "still being indexed" in warned[0]["issue"][0]["diagnostics"]
    assert [one["resource"]["id"] for one in answered["entry"] if one["search"]["mode"] == "match"] == ["new"]
    assert clans.get("Patient?clan=fox", prefer="handling=strict").status == 400
    created = clans.post("Patient", member_of("fox"), if_none_exist="clan=fox")
    assert created.status == 400


def test_afterwards_everything_is_found(clans: Client) -> None:
    assert reindex(clans.partition, settle=0) == 2
    assert found(clans, "Patient?clan=fox") == ["ann"]
    assert found(clans, "Patient?clan=fox,owl") == ["ann", "bea"]
    assert found(clans, "Patient?clan:not=fox") == ["bea"]
    assert found(clans, "Patient?clan:missing=false") == ["ann", "bea"]
    assert found(clans, "Observation?subject:Patient.clan=fox") == ["o"]
    assert found(clans, "Patient?clan=fox&_has:Observation:subject:status=final") == ["ann"]


def test_indexing_makes_no_new_versions(clans: Client) -> None:
    before = clans.get("Patient/ann").body
    reindex(clans.partition, settle=0)
    assert clans.get("Patient/ann").body == before
    assert clans.get("Patient/ann/_history").json()["total"] == 1


def test_an_update_after_indexing_takes_the_old_value_away(clans: Client) -> None:
    reindex(clans.partition, settle=0)
    clans.put("Patient/ann", member_of("owl", id="ann"))
    assert found(clans, "Patient?clan=fox") == []
    assert found(clans, "Patient?clan=owl") == ["ann", "bea"]
    clans.delete("Patient/ann")
    assert found(clans, "Patient?clan=owl") == ["bea"]


def test_a_removed_guides_parameter_is_unknown_and_leaves_no_rows(clans: Client) -> None:
    reindex(clans.partition, settle=0)
    uninstall(clans.partition, "org.example.clans")
    assert clans.get("Patient?clan=fox", prefer="handling=strict").status == 400
    reindex(clans.partition, settle=0)
    clans.put("Patient/ann", member_of("owl", id="ann"))
    install(clans.partition, package([CLAN_PARAMETER]))
    reindex(clans.partition, settle=0)
    assert found(clans, "Patient?clan=fox") == []


def test_a_look_alike_deployment_is_left_alone(clans: Client, region: str) -> None:
    other = Client(reserve(region))
    other.put("Patient/ann", member_of("fox", id="ann"))
    install(other.partition, package([CLAN_PARAMETER]))
    reindex(clans.partition, settle=0)
    assert found(clans, "Patient?clan=fox") == ["ann"]
    assert "still being indexed" in str(other.get("Patient?clan=fox").json())


def test_indexing_goes_on_where_it_was_stopped(clans: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reindexing, "BATCH", 1)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindex(clans.partition, stop, settle=0)
    assert reindex(clans.partition, settle=0) <= 2
    assert found(clans, "Patient?clan=fox,owl") == ["ann", "bea"]


def test_a_guide_adds_to_what_r4s_own_parameter_finds(client: Client) -> None:
    nickname = "Patient.extension.where(url = 'urn:nickname').valueString"
    more = search_parameter("given", "Patient", "string", f"Patient.name.given | {nickname}")
    install(client.partition, package([more]))
    client.put("Patient/a", {"resourceType": "Patient", "id": "a", "name": [{"given": ["Ida"]}]})
    nicknamed = {
        "resourceType": "Patient",
        "id": "b",
        "extension": [{"url": "urn:nickname", "valueString": "Ida"}],
    }
    client.put("Patient/b", nicknamed)
    reindex(client.partition, settle=0)
    assert found(client, "Patient?given=ida") == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "expression", "value", "sort"),
    [
        ("string", "Goal.note.text", "walk", "Goal?_sort=x"),
        ("date", "Goal.statusDate", "2020-01-01", "Goal?_sort=-x"),
        ("reference", "Goal.addresses", "Condition/c", "Goal?x:Condition.code=none"),
    ],
)
def test_every_type_of_parameter_can_come_from_a_guide(
    client: Client, kind: str, expression: str, value: str, sort: str
) -> None:
    install(client.partition, package([search_parameter("x", "Goal", kind, expression)]))
    goal = {
        "resourceType": "Goal",
        "id": "g",
        "lifecycleStatus": "active",
        "description": {"text": "Walk"},
        "subject": {"reference": "Patient/p"},
        "note": [{"text": "Walk"}],
        "statusDate": "2020-01-01",
        "addresses": [{"reference": "Condition/c"}],
    }
    client.put("Goal/g", goal)
    reindex(client.partition, settle=0)
    assert found(client, f"Goal?x={value}") == ["g"]
    assert client.get(sort, prefer="handling=strict").status == 200


def test_includes_follow_a_guides_reference(client: Client) -> None:
    parameter = search_parameter("author", "Goal", "reference", "Goal.expressedBy", target=["Patient"])
    install(client.partition, package([parameter]))
    reindex(client.partition, settle=0)
    client.put("Patient/p", {"resourceType": "Patient", "id": "p"})
    goal = {"resourceType": "Goal", "id": "g", "lifecycleStatus": "active", "description": {"text": "Walk"}}
    by = {"reference": "Patient/p"}
    client.put("Goal/g", {**goal, "subject": by, "expressedBy": by})
    included = client.get("Goal?_include=Goal:author").json()["entry"]
    assert [one["resource"]["id"] for one in included] == ["g", "p"]
    reverse = client.get("Patient?_revinclude=Goal:author").json()["entry"]
    assert [one["resource"]["id"] for one in reverse] == ["p", "g"]


def test_another_process_notices_within_a_second(clans: Client) -> None:
    reindex(clans.partition, settle=0)
    assert found(clans, "Patient?clan=fox") == ["ann"]
    key = (clans.partition.region, clans.partition.number)
    stale = memory._held[key]
    uninstall(clans.partition, "org.example.clans")
    memory._held[key] = stale
    assert found(clans, "Patient?clan=fox") == ["ann"]
    time.sleep(memory.LIFETIME)
    assert clans.get("Patient?clan=fox", prefer="handling=strict").status == 400


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_writes_during_indexing_are_neither_lost_nor_delayed(
    partition: Partition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "BATCH", 5)
    client = Client(partition)
    for number in range(40):
        client.put(f"Patient/p{number}", member_of("fox", id=f"p{number}"))
    install(partition, package([CLAN_PARAMETER]))

    def write() -> None:
        for number in range(0, 40, 2):
            client.put(f"Patient/p{number}", member_of("owl", id=f"p{number}"))
        connections.close_all()

    writing = threading.Thread(target=write)
    writing.start()
    reindex(partition, settle=0)
    writing.join()
    reindex(partition, settle=0)
    assert len(found(client, "Patient?clan=owl&_count=100")) == 20
    assert len(found(client, "Patient?clan=fox&_count=100")) == 20
