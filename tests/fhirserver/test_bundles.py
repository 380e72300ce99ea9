"""batch and transaction."""

from typing import Any

import pytest
from fhirpathpy import evaluate

from tests.fhirserver.bundles import entry, identified, locations, observation, patient, transaction
from tests.fhirserver.client import Client


def test_head_in_a_bundle_is_answered_without_a_body(client: Client) -> None:
    known = client.create(patient())
    for kind in ("batch", "transaction"):
        asked = transaction(entry("HEAD", f"Patient/{known['id']}"), entry("HEAD", "Patient"), kind=kind)
        entries = client.post("", asked).json()["entry"]
        assert [one["response"]["status"] for one in entries] == ["200 OK", "200 OK"]
        assert entries[0]["response"]["etag"] == 'W/"1"'
        assert not any("resource" in one for one in entries)


def test_a_transaction_with_one_bad_entry_writes_nothing(client: Client) -> None:
    answered = client.post(
        "",
        transaction(
            entry("POST", "Patient", patient(), "urn:uuid:a"),
            entry("PUT", "Patient/x", patient(id="x"), ifMatch='W/"7"'),
        ),
    )
    assert answered.status == 412
    assert "Bundle.entry[1]" in answered.json()["issue"][0]["diagnostics"]
    assert client.get("_history").json().get("entry") is None


def test_every_verb_works_in_one_transaction(client: Client) -> None:
    old, patched = client.create(patient(gender="male")), client.create(patient(gender="male"))
    body = {"resourceType": "Binary", "contentType": "application/json-patch+json"}
    body["data"] = "W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9nZW5kZXIiLCJ2YWx1ZSI6Im90aGVyIn1d"
    answered = client.post(
        "",
        transaction(
            entry("GET", f"Patient/{patched['id']}"),
            entry("PATCH", f"Patient/{patched['id']}", body),
            entry("PUT", "Patient/new", patient(id="new")),
            entry("POST", "Patient", patient()),
            entry("DELETE", f"Patient/{old['id']}"),
        ),
    )
    assert answered.status == 200, answered.body
    entries = answered.json()["entry"]
    statuses = [one["response"]["status"][:3] for one in entries]
    assert statuses == ["200", "200", "201", "201", "204"]
    assert entries[0]["resource"]["gender"] == "other"
    assert client.get(f"Patient/{old['id']}").status == 410


def test_conditions_inside_a_transaction(client: Client) -> None:
    known = client.create(identified("1"))
    answered = client.post(
        "",
        transaction(
            entry("POST", "Patient", identified("1"), "urn:uuid:a", ifNoneExist="identifier=1"),
            entry("POST", "Observation", observation("urn:uuid:a")),
            entry("POST", "Observation", observation("Patient?identifier=1")),
            entry("PUT", "Patient?identifier=2", identified("2")),
        ),
    )
    assert answered.status == 200, answered.body
    found = locations(answered.json())
    assert answered.json()["entry"][0]["response"]["status"] == "200 OK"
    assert found[0] == f"Patient/{known['id']}"
    for address in found[1:3]:
        assert client.get(address).json()["subject"]["reference"] == f"Patient/{known['id']}"
    missing = transaction(entry("POST", "Observation", observation("Patient?identifier=none")))
    assert client.post("", missing).status == 412


def test_two_entries_for_one_resource_are_refused(client: Client) -> None:
    answered = client.post(
        "", transaction(entry("PUT", "Patient/x", patient(id="x")), entry("DELETE", "Patient/x"))
    )
    assert answered.status == 400


def test_a_batch_answers_each_entry_on_its_own(client: Client) -> None:
    answered = client.post(
        "",
        transaction(
            entry("POST", "Patient", patient()),
            entry("GET", "Patient/none"),
            entry("GET", "metadata"),
            entry("POST", "Observation", patient()),
            kind="batch",
        ),
    )
    entries = answered.json()["entry"]
    assert [one["response"]["status"][:3] for one in entries] == ["201", "404", "200", "400"]
    assert entries[1]["response"]["outcome"]["resourceType"] == "OperationOutcome"


def test_a_bundle_of_another_type_or_too_large_is_refused(client: Client) -> None:
    assert client.post("", transaction(kind="collection")).status == 400
    assert client.post("", patient()).status == 400
    refused = client.post("", transaction(*[entry("GET", "Patient/1")] * 5001))
    assert refused.status == 400
    assert "MAX_BUNDLE_ENTRIES" in refused.json()["issue"][0]["diagnostics"]


def test_deletions_come_first_and_reads_last_whatever_their_place(client: Client) -> None:
    client.put("Patient/old", patient(id="old", identifier=[{"value": "1"}]))
    answered = client.post(
        "",
        transaction(
            entry("GET", "Patient?identifier=1"),
            entry("POST", "Patient", identified("1")),
            entry("DELETE", "Patient/old"),
        ),
    ).json()["entry"]
    assert [one["response"]["status"][:3] for one in answered] == ["200", "201", "204"]
    (match,) = answered[0]["resource"]["entry"]
    assert match["resource"]["id"] != "old"


def test_a_failing_entry_of_a_batch_leaves_the_others_alone(client: Client) -> None:
    known = client.create(patient(gender="female"))
    modified = client.get(f"Patient/{known['id']}").json()["meta"]["lastUpdated"]
    parts = [
        {"name": "type", "valueCode": "replace"},
        {"name": "path", "valueString": "Patient.gender"},
        {"name": "value", "valueCode": "male"},
    ]
    fhirpath = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}]}
    answered = client.post(
        "",
        transaction(
            entry("PUT", f"Patient/{known['id']}", {**known, "gender": "wrong"}),
            entry("PATCH", f"Patient/{known['id']}", fhirpath),
            entry("GET", f"Patient/{known['id']}", ifNoneMatch='W/"2"'),
            entry("GET", f"Patient/{known['id']}", ifModifiedSince="2999-01-01T00:00:00Z"),
            entry("GET", f"Patient/{known['id']}/_history/1", ifModifiedSince=modified),
            entry("DELETE", f"Patient/{known['id']}", ifMatch='W/"1"'),
            entry("POST", "Patient/_search?gender=male"),
            entry("POST", "", transaction(entry("GET", "metadata"), kind="batch")),
            entry("GET", "Nothing/1"),
            {"fullUrl": "urn:uuid:x"},
            kind="batch",
        ),
    )
    entries = answered.json()["entry"]
    statuses = [one["response"]["status"] for one in entries]
    assert statuses == [
        "422 Unprocessable Entity", "200 OK", "304 Not Modified", "304 Not Modified", "304 Not Modified",
        "412 Precondition Failed", "200 OK", "400 Bad Request", "404 Not Found", "400 Bad Request",
    ]  # fmt: skip
    assert entries[0]["response"]["outcome"]["issue"][0]["expression"] == ["Patient.gender"]
    assert entries[6]["resource"]["total"] == 1


@pytest.mark.parametrize("content", ["not base64!", "YQ", ["YQ=="], 7, None, {"a": 1}])
def test_a_patch_that_is_no_base64_is_its_entrys_own_fault(client: Client, content: Any) -> None:
    known = client.create(patient())
    binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": content}
    entries = (entry("GET", f"Patient/{known['id']}"), entry("PATCH", f"Patient/{known['id']}", binary))
    good, bad = client.post("", transaction(*entries, kind="batch")).json()["entry"]
    assert good["response"]["status"] == "200 OK"
    whole = client.post("", transaction(*entries))
    assert whole.status == 400
    for outcome in (bad["response"]["outcome"], whole.json()):
        assert outcome["issue"][0]["expression"] == ["Bundle.entry[1].resource.data"]


def test_the_problems_of_an_entry_have_their_place_in_the_bundle(client: Client) -> None:
    wrong = [
        (observation("Patient/1", code=7), ["Bundle.entry[1].resource.code"]),
        (observation("Patient/1", valueQuantity={"value": "7"}), ["Bundle.entry[1].resource.value.value"]),
        ({"resourceType": "Observation", "status": "none"}, ["Bundle.entry[1].resource.status", "Bundle.entry[1].resource.code"]),
        (patient(name=[{"given": ["a", 1]}]), ["Bundle.entry[1].resource.name[0].given[1]"]),
    ]  # fmt: skip
    for resource, expected in wrong:
        known = entry("POST", "Patient", patient())
        refused = client.post("", transaction(known, entry("POST", resource["resourceType"], resource)))
        assert refused.status == 422
        issues = refused.json()["issue"]
        assert [one["expression"] for one in issues] == [[path] for path in expected]
        bundle = transaction(known, entry("POST", resource["resourceType"], resource))
        for path in expected:
            # Evaluated as FHIRPath the expression leads to the element, or to its parent where it is missing.
            parent = path.removesuffix(".code") if "code" not in resource else path
            assert evaluate(bundle, parent.replace(".value.value", ".valueQuantity.value")), path


def test_the_problems_that_a_patch_makes_name_the_entry_with_the_patch(client: Client) -> None:
    known = client.create(patient(gender="male"))
    body = {"resourceType": "Binary", "contentType": "application/json-patch+json"}
    body["data"] = "W3sib3AiOiJyZXBsYWNlIiwicGF0aCI6Ii9nZW5kZXIiLCJ2YWx1ZSI6Im5vbmUifV0="
    refused = client.post("", transaction(entry("PATCH", f"Patient/{known['id']}", body)))
    (issue,) = refused.json()["issue"]
    assert (refused.status, issue["expression"]) == (422, ["Bundle.entry[0].resource"])
    assert "Patient.gender" in issue["diagnostics"]
