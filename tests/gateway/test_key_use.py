"""What a key was used for, read from the log, beside what it may do; and what can be taken away in one step."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from credentials.access import FULL, chosen
from credentials.models import ApiKey
from credentials.selectors import get_api_key
from credentials.used_rights import rights_use_of
from deployments.models import Deployment
from gateway.recorder import recorder
from portal.models import User
from tests.gateway.conftest import Caller

PATIENT = json.dumps({"resourceType": "Patient", "id": "p1", "gender": "male"})


@pytest.fixture
def api_key(deployment: Deployment, full: Caller) -> ApiKey:
    """It made a patient by an update, read it and searched conditions."""
    full("PUT", "Patient/p1", PATIENT)
    full("GET", "Patient/p1")
    full("GET", "Condition")
    full("GET", "Observation/none")
    full("GET", "metadata")
    recorder.flush()
    return ApiKey.objects.get(deployment=deployment)


def test_granted_and_used_rights_are_told_by_type(api_key: ApiKey) -> None:
    use = rights_use_of(api_key)
    assert {line.resource_type: line.used for line in use.lines} == {
        "*": "",
        "Patient": "cru",
        "Condition": "s",
    }
    assert next(line for line in use.lines if line.resource_type == "Patient").unused == "ds"
    assert use.unread == 0
    assert use.narrower == chosen({"Patient": "cru", "Condition": "s"})


def test_a_condition_needed_the_right_to_search(api_key: ApiKey, full: Caller) -> None:
    person = json.dumps({"resourceType": "Person"})
    full("POST", "Person", person)
    full("POST", "Person", person, if_none_exist="_lastUpdated=gt2000-01-01")
    full("DELETE", "Patient?gender=female")
    recorder.flush()
    used = {line.resource_type: line.used for line in rights_use_of(api_key).lines}
    assert (used["Person"], used["Patient"]) == ("cs", "cruds")


def test_requests_that_the_log_does_not_take_apart_forbid_guessing(api_key: ApiKey, full: Caller) -> None:
    full("POST", "", json.dumps({"resourceType": "Bundle", "type": "batch", "entry": []}))
    full("GET", "Patient/p1/Condition")
    recorder.flush()
    use = rights_use_of(api_key)
    assert use.unread == 2
    assert use.narrower is None


def test_one_click_leaves_what_was_used(
    api_key: ApiKey, deployment: Deployment, full: Caller, alice: User, client: Client
) -> None:
    client.force_login(alice)
    page = client.get(reverse("credentials:key", args=[deployment.pk, api_key.public_id])).content.decode()
    assert "Narrow to what was used" in page
    address = reverse("credentials:narrow-to-use", args=[deployment.pk, api_key.public_id])
    client.post(address, {"shown": "Patient.r"})
    assert get_api_key(deployment, api_key.public_id).access == FULL
    client.post(address, {"shown": str(rights_use_of(api_key).narrower)})
    narrowed = get_api_key(deployment, api_key.public_id)
    assert narrowed.access == chosen({"Patient": "cru", "Condition": "s"})
    assert rights_use_of(narrowed).narrower is None
