"""$meta of a type and of the whole server: which profiles, tags and labels are in use there."""

import pytest

from fhirserver.access import AccessGrant, Permission
from fhirserver.operations import meta
from tests.fhirserver.client import Client
from tests.fhirserver.guides.packages import Json

RED = {"system": "urn:tags", "code": "red"}
SECRET = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
PROFILE = "http://example.org/StructureDefinition/p"


def patient(logical_id: str, **labels: object) -> Json:
    return {"resourceType": "Patient", "id": logical_id, "meta": labels}


def used(client: Client, address: str) -> Json:
    answered = client.get(address)
    assert answered.status == 200, answered.body
    parameters = answered.json().get("parameter", [])
    found: Json = parameters[0]["valueMeta"] if parameters else {}
    return found


def test_each_label_in_use_is_named_once(client: Client) -> None:
    client.put("Patient/a", patient("a", tag=[RED], profile=[PROFILE]))
    client.put("Patient/b", patient("b", tag=[RED], security=[SECRET]))
    client.put("Patient/c", patient("c"))
    client.put(
        "Basic/d",
        {"resourceType": "Basic", "id": "d", "code": {"text": "x"}, "meta": {"tag": [{"code": "blue"}]}},
    )
    assert used(client, "Patient/$meta") == {"profile": [PROFILE], "security": [SECRET], "tag": [RED]}
    assert [one["code"] for one in used(client, "$meta")["tag"]] == ["blue", "red"]
    assert used(client, "Observation/$meta") == {}
    client.delete("Basic/d")
    assert used(client, "$meta")["tag"] == [RED]


def test_only_labels_of_what_the_caller_may_read_are_named(client: Client) -> None:
    client.put("Patient/a", patient("a", tag=[RED]))
    client.put("Patient/b", patient("b", tag=[{"code": "blue"}]))
    confined = Client(client.partition, AccessGrant((Permission("*", frozenset("rs"), ("Patient", "a")),)))
    assert used(confined, "Patient/$meta") == used(confined, "$meta") == {"tag": [RED]}
    other = Client(client.partition, AccessGrant((Permission("Observation", frozenset("rs")),)))
    assert other.get("Patient/$meta").status == 403
    assert used(other, "$meta") == {}


def test_too_many_labels_are_refused_with_the_limit(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        client.put(f"Patient/{name}", patient(name, tag=[RED]))
    monkeypatch.setattr(meta, "MAX_LABELLED", 2)
    answered = client.get("Patient/$meta")
    assert (answered.status, answered.json()["issue"][0]["code"]) == (400, "too-costly")
