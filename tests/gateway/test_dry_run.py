"""Nobody but the product's own pages can ask for a dry run; where nothing can be taken back, there is none."""

import json
from typing import Any

import pytest

from deployments.models import Deployment
from gateway.inbound import DRY_RUN
from gateway.models import RequestLog
from gateway.recorder import recorder
from gateway.wsgi import application
from tests.gateway.conftest import Caller

PATIENT = json.dumps({"resourceType": "Patient", "id": "one"})


def count(caller: Caller) -> int:
    found: int = json.loads(caller("GET", "Patient?_summary=count").content)["total"]  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("name", [DRY_RUN, "fireside-dry-run", "x-dry-run"])
def test_no_header_of_a_client_makes_a_request_a_dry_run(name: str, full: Caller) -> None:
    response = full("PUT", "Patient/one", PATIENT, **{name: "1"})
    assert response.status_code == 201
    assert count(full) == 1


def call(environ: dict[str, Any], caller: Caller, method: str, path: str) -> int:
    """The status of a call of the WSGI application as the explorer makes it."""
    started: list[str] = []
    built = caller.client._base_environ(PATH_INFO=f"{caller.base}/{path}", REQUEST_METHOD=method)  # type: ignore[attr-defined]
    built |= {"HTTP_X_API_KEY": caller.key, **environ}
    b"".join(application(built, lambda status, headers: started.append(status)))
    return int(started[0][:3])


def test_a_dry_run_is_logged_as_one(full: Caller, deployment: Deployment) -> None:
    full("PUT", "Patient/one", PATIENT)
    recorder.flush()
    assert call({DRY_RUN: True}, full, "DELETE", "Patient/one") == 204
    assert count(full) == 1
    recorder.flush()
    (line,) = RequestLog.objects.filter(deployment=deployment, method="DELETE")
    assert (line.interaction, line.status) == ("dry-run", 204)


def test_what_cannot_be_taken_back_is_refused(full: Caller) -> None:
    assert call({DRY_RUN: True}, full, "GET", "$export") == 501
    assert call({DRY_RUN: "1"}, full, "GET", "Patient/nobody") == 404
