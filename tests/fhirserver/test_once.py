"""A request that is carried out once, however often it is sent."""

from typing import Any

import pytest

from fhirserver.access import FULL
from fhirserver.clearing import drop
from fhirserver.engine import respond
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.once import forget_answers, respond_once
from fhirserver.partitions import count_resources
from fhirspec import json
from tests.fhirserver.client import Client

pytestmark = pytest.mark.django_db(databases=["region_local", "region_pg"], transaction=True)
PATIENT = {"resourceType": "Patient"}


def sent(client: Client, name: str, *entries: dict[str, Any], kind: str = "transaction") -> FhirResponse:
    bundle = {"resourceType": "Bundle", "type": kind, "entry": list(entries)}
    headers = {"content-type": "application/fhir+json"}
    asked = FhirRequest("POST", "", headers=headers, body=json.encode(bundle))
    return respond_once(client.partition, name, lambda: respond(asked, client.partition, FULL))


def entry(method: str, url: str, resource: Any = None, **more: str) -> dict[str, Any]:
    return {"request": {"method": method, "url": url, **more}, **({"resource": resource} if resource else {})}


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_the_answer_of_the_first_time_is_given_again(committed: Client, kind: str) -> None:
    first = sent(committed, "a", entry("POST", "Patient", PATIENT), kind=kind)
    again = sent(committed, "a", entry("POST", "Patient", PATIENT), kind=kind)
    assert (first.status, first.body) == (again.status, again.body)
    assert count_resources(committed.partition) == 1
    for name in ("b", "a 0", "a 50", "ab"):
        sent(committed, name, entry("POST", "Patient", PATIENT), kind=kind)
    forget_answers(committed.partition, "a")
    for name in ("a", "a 0", "a 50"):
        sent(committed, name, entry("POST", "Patient", PATIENT), kind=kind)
    assert count_resources(committed.partition) == 8
    for name in ("b", "ab"):
        sent(committed, name, entry("POST", "Patient", PATIENT), kind=kind)
    assert count_resources(committed.partition) == 8


def test_what_was_refused_is_tried_again(committed: Client) -> None:
    refused = sent(
        committed,
        "a",
        entry("POST", "Patient", PATIENT),
        entry("PUT", "Patient/x", {**PATIENT, "id": "x"}, ifMatch='W/"3"'),
    )
    assert refused.status == 412
    assert count_resources(committed.partition) == 0
    assert sent(committed, "a", entry("POST", "Patient", PATIENT)).status == 200


def test_a_fault_within_a_batch_does_not_touch_the_other_entries(committed: Client) -> None:
    committed.put("Patient/x", {**PATIENT, "id": "x"})
    answered = sent(
        committed,
        "a",
        entry("POST", "Patient", PATIENT),
        entry("PUT", "Patient/x", {**PATIENT, "id": "x"}, ifMatch='W/"3"'),
        entry("POST", "Patient", {**PATIENT, "gender": "x"}),
        entry("PUT", "Patient/x", {**PATIENT, "id": "x"}),
        kind="batch",
    )
    assert isinstance(answered.body, bytes)
    told = [one["response"]["status"][:3] for one in json.decode(answered.body)["entry"]]
    assert told == ["201", "412", "422", "200"]
    assert count_resources(committed.partition) == 2


def test_answers_go_with_their_partition(committed: Client) -> None:
    sent(committed, "a", entry("POST", "Patient", PATIENT))
    drop(committed.partition)
    assert sent(committed, "a", entry("GET", "metadata"), kind="batch").status == 200
