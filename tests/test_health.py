"""Liveness and readiness, as a load balancer asks for them."""

import pytest
from django.test import Client


@pytest.mark.django_db(databases="__all__")
def test_a_process_that_reaches_its_databases_is_ready(client: Client) -> None:
    assert client.get("/readyz").json() == {"status": "ok"}


def test_liveness_asks_no_database(client: Client) -> None:
    assert client.get("/healthz").status_code == 200
