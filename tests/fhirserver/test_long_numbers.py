"""Numbers of thousands of digits, wherever a client can write one: a limit or a refusal, never a fault of ours."""

import pytest

from fhirserver.numbers import LARGEST, whole_number
from fhirserver.outcomes import BadRequest
from tests.fhirserver.client import Client
from tests.fhirserver.test_nul import PARAMETERS

LONG = "9" * 5_000
COUNTS = (
    "Patient?_count={}", "Patient/_history?_count={}", "_history?_count={}", "Patient/a/$everything?_count={}",
    "Patient/a/$everything?_offset={}", "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender&count={}",
    "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender&offset={}",
)  # fmt: skip
CURSORS = ("Patient/_history?_before={0}.{0}.{0}", "Patient?_cursor={}")
VALUES = (
    LONG,
    f"-{LONG}",
    f"1e{LONG}",
    f"0.{LONG}",
    f"{LONG}-01-01",
    f"{LONG}||mg",
    f"5||10*{LONG}",
    f"5||m{LONG}",
    f"{LONG}|{LONG}|{LONG}",
)


@pytest.fixture
def ward(client: Client) -> Client:
    assert client.put("Patient/a", {"resourceType": "Patient", "id": "a"}).status == 201
    return client


@pytest.mark.parametrize("asked", COUNTS)
def test_a_count_beyond_all_limits_is_the_limit(ward: Client, asked: str) -> None:
    assert ward.get(asked.format(LONG)).status == 200
    refused = ward.get(asked.format("²"))
    assert refused.status == 400
    assert "²" in refused.json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize("asked", CURSORS)
def test_a_made_up_cursor_is_refused(ward: Client, asked: str) -> None:
    for digits in (LONG, "9" * 30):
        assert ward.get(asked.format(digits)).status == 400


def test_a_conditional_delete_of_so_many_names_its_limit(ward: Client) -> None:
    refused = ward.delete(f"Patient?_id=a&_count={LONG}")
    assert "MAX_CONDITIONAL_DELETES" in refused.json()["issue"][0]["diagnostics"]
    assert ward.get("Patient/a").status == 200


@pytest.mark.parametrize("kind", PARAMETERS)
def test_no_value_is_a_fault(ward: Client, kind: str) -> None:
    for asked in PARAMETERS[kind]:
        for value in VALUES:
            assert ward.get(f"{asked}={value}").status < 500, (asked, value[:20])


def test_leading_zeros_are_no_digits() -> None:
    assert whole_number("_count", "0" * 5_000 + "7") == 7
    assert whole_number("_count", LONG) == LARGEST
    for text in ("", "-1", "1.0", "²", "٣", " 1"):
        with pytest.raises(BadRequest, match="_count"):
            whole_number("_count", text)
