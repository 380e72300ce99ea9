"""Conditions in headers, and what is preferred of the answer, where the standards are easily read past."""

from tests.fhirserver.bundles import entry, identified, patient, transaction
from tests.fhirserver.client import BASE, Client

OUTCOME = "return=OperationOutcome"


def test_an_update_over_a_version_that_if_none_match_names_is_refused(client: Client) -> None:
    known = client.create(patient())
    address = f"Patient/{known['id']}"
    assert client.put(address, known, if_none_match='W/"1"').status == 412
    assert client.put(address, known, if_none_match='W/"7", "1"').status == 412
    assert client.put(address, known, if_none_match='W/"7"').status == 200


def test_a_condition_may_come_as_a_whole_address(client: Client) -> None:
    known = client.create(identified("1"))
    for start in ("", "?", "Patient?", f"{BASE}/Patient?"):
        answered = client.post("Patient", identified("1"), if_none_exist=f"{start}identifier=1")
        assert (answered.status, answered.json()["id"]) == (200, known["id"])


def test_an_empty_condition_does_not_create(client: Client) -> None:
    for condition in ("", "  ", "Patient?"):
        assert client.post("Patient", identified("1"), if_none_exist=condition).status == 412
    assert client.get("Patient?identifier=1").json()["total"] == 0


def test_a_version_has_one_name(client: Client) -> None:
    known = client.create(patient())
    assert client.get(f"Patient/{known['id']}/_history/1").status == 200
    for other in ("01", "1.0", "\u0661"):
        assert client.get(f"Patient/{known['id']}/_history/{other}").status == 404


def test_a_delete_tells_what_it_did_when_an_outcome_is_preferred(client: Client) -> None:
    for _ in range(3):
        client.create(identified("1"))
    answered = client.delete("Patient?identifier=1&_count=10", prefer=OUTCOME)
    assert (answered.status, answered.json()["resourceType"]) == (200, "OperationOutcome")
    assert answered.json()["issue"][0]["diagnostics"] == "3 resources were deleted."
    assert client.delete("Patient/none", prefer=OUTCOME).status == 200
    assert client.delete("Patient/none").status == 204


def test_the_outcome_of_an_entry_is_no_resource(client: Client) -> None:
    known = client.create(patient())
    written = [
        entry("POST", "Patient", patient()),
        entry("DELETE", f"Patient/{known['id']}"),
        entry("POST", "Patient/$validate", patient()),
    ]
    for kind in ("batch", "transaction"):
        answered = client.post("", transaction(*written, kind=kind), prefer=OUTCOME).json()
        made, gone, checked = answered["entry"]
        for one in (made, gone):
            assert "resource" not in one
            assert one["response"]["outcome"]["resourceType"] == "OperationOutcome"
        assert checked["resource"]["resourceType"] == "OperationOutcome"


def test_what_a_history_takes_once_is_refused_twice(client: Client) -> None:
    known = client.create(patient())
    for twice in ("_since=2020&_since=2021", "_count=1&_count=2", "_at=2020&_at=2021"):
        refused = client.get(f"Patient/{known['id']}/_history?{twice}")
        assert refused.status == 400
        assert twice.partition("=")[0] in refused.json()["issue"][0]["diagnostics"]
