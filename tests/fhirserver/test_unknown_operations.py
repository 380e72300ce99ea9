"""An operation that there is not: the answer says so, and what there is."""

import pytest

from tests.fhirserver.client import Client


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("$graphql", "no operation $graphql of the server. Those that are: $export, $meta, $validate."),
        ("$convert", "no operation $convert of the server."),
        ("Patient/$merge", "no operation $merge on the type Patient. Those that are: $everything, $export, $meta, $validate."),
        ("ConceptMap/$translate", "no operation $translate on the type ConceptMap."),
        ("Patient/1/$graphql", "no operation $graphql on a Patient. Those that are: $everything, $meta, $meta-add,"),
        ("Encounter/$everything", "It is asked at Encounter/[id]/$everything, Patient/[id]/$everything, "),
        ("Observation/1/$everything", "It is asked at Encounter/[id]/$everything,"),
        ("$expand", "It is asked at ValueSet/$expand, ValueSet/[id]/$expand."),
        ("$meta-add", "It is asked at [type]/[id]/$meta-add."),
        ("$everything/more", "no operation $everything of the server."),
    ],
)  # fmt: skip
def test_an_operation_that_is_not_offered_is_told_with_what_is(
    client: Client, address: str, words: str
) -> None:
    for answered in (client.get(address), client.post(address, {"resourceType": "Parameters"})):
        assert answered.status == 404
        [issue] = answered.json()["issue"]
        assert issue["code"] == "not-supported"
        assert words in issue["diagnostics"]
