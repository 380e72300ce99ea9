"""Forms that no application sends: the answer is OAuth's (RFC 6749, 5.2), never a page."""

from typing import Any

import pytest
from django.test import Client

from deployments.models import Deployment
from tests.smart.conftest import Flow

pytestmark = pytest.mark.django_db(databases="__all__")
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


@pytest.mark.parametrize("endpoint", ["token", "introspect", "revoke"])
@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b"grant_type=" + b"a" * 3_000_000, FORM, 413),
        (b"a=1&" * 2000, FORM, 400),
        (b"--y nothing of a form", MULTIPART, 400),
    ],
    ids=["large", "many fields", "no form"],
)
def test_a_form_that_cannot_be_taken_is_refused_in_oauths_words(
    client: Client, deployment: Deployment, endpoint: str, body: bytes, media_type: str, status: int
) -> None:
    answer: Any = client.post(f"/auth/{deployment.pk}/{endpoint}", body, content_type=media_type)
    told = answer.json()
    assert set(told) <= {"error", "error_description"}
    assert (answer.status_code, told["error"]) == (status, "invalid_request")


@pytest.mark.parametrize("max_age", ["9" * 5000, "²", "-1", "1e9"])
def test_an_age_that_no_sign_in_has_is_no_fault(flow: Flow, max_age: str) -> None:
    assert flow.authorize(max_age=max_age).status_code == 302
