"""Operations and searches by POST within a transaction: they see what its writes have made, and fail it when they fail."""

from tests.fhirserver.bundles import entry, identified, locations, observation, patient, transaction
from tests.fhirserver.client import Client

TAG = {"system": "urn:example", "code": "seen"}


def meta(**more: object) -> dict[str, object]:
    return {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [TAG]}}]}


def test_operations_and_searches_by_post_see_what_the_transaction_writes(client: Client) -> None:
    known = client.create(patient())
    answered = client.post(
        "",
        transaction(
            entry("POST", f"Patient/{known['id']}/$meta-add", meta()),
            entry("POST", "Patient/_search?identifier=new"),
            entry("POST", "Patient/$validate", patient(gender="male")),
            entry("GET", f"Patient?_tag=seen&_id={known['id']}"),
            entry("POST", "Patient", identified("new")),
        ),
    )
    assert answered.status == 200, answered.body
    added, searched, checked, tagged, created = answered.json()["entry"]
    assert added["resource"]["parameter"][0]["valueMeta"]["tag"] == [TAG]
    assert searched["resource"]["total"] == 1
    assert checked["resource"]["resourceType"] == "OperationOutcome"
    assert tagged["resource"]["total"] == 1
    assert created["response"]["status"] == "201 Created"


def test_what_is_sent_to_an_operation_may_refer_to_other_entries(client: Client) -> None:
    answered = client.post(
        "",
        transaction(
            entry("POST", "Observation/$validate", observation("urn:uuid:a")),
            entry("POST", "Patient", patient(), "urn:uuid:a"),
        ),
    )
    assert answered.status == 200, answered.body
    assert "urn:uuid:a" not in str(answered.json()["entry"][0])


def test_an_operation_that_fails_takes_the_writes_back(client: Client) -> None:
    written = entry("POST", "Patient", identified("new"))
    for call in (
        entry("POST", "Patient/none/$meta-add", meta()),
        entry("POST", "Patient/$unknown", patient()),
        {"resource": "text", **entry("POST", "Patient/$validate")},
    ):
        refused = client.post("", transaction(written, call))
        assert refused.status in (400, 404)
        assert refused.json()["issue"][0]["expression"] == ["Bundle.entry[1]"]
    assert client.get("Patient?identifier=new").json()["total"] == 0
    assert locations(client.post("", transaction(written)).json())
