"""The WSGI application of `/fhir/`: no session, no middleware, no URL resolver; config/wsgi.py chooses it by prefix."""

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from django.db import connections

from gateway.front import Exchange, serve
from gateway.inbound import read_inbound
from gateway.outcomes import outcome
from gateway.recorder import recorder
from gateway.sending import CountedBody, prepare, status_line

StartResponse = Callable[[str, list[tuple[str, str]]], object]
_CONNECTION_CHECK = 1.0  # seconds between two looks at a thread's database connections
_LONGEST_NAME = 128
_thread = threading.local()


def application(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """PEP 3333, with the care for database connections that Django's handler would take."""
    now = time.monotonic()
    if now - getattr(_thread, "checked", 0.0) >= _CONNECTION_CHECK:
        _thread.checked = now
        _check_connections()
    return answer(environ, start_response)


def _check_connections() -> None:
    """Django does this before each request; for a thread that serves thousands a second, one in a second is enough.

    A page that calls this application from within its own transaction keeps its connection.
    """
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()


def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Also `/fhir/` paths that are no endpoint's get an OperationOutcome."""
    request = read_inbound(environ)
    if request is None:
        nowhere = outcome(404, "not-found", "A FHIR endpoint is at /fhir/<deployment id>/r4/.")
        start_response(status_line(404), list(nowhere.headers.items()))
        return [nowhere.body if isinstance(nowhere.body, bytes) else b""]
    exchange = Exchange(request)
    response = serve(exchange)
    if exchange.faulted:
        _thread.checked = 0.0
    response.headers["X-Request-Id"] = exchange.trace_id
    named = request.headers.get("x-request-id")
    if named:
        # https://hl7.org/fhir/R4/http.html#custom: ours is another, so the client's own comes back beside it.
        response.headers["X-Correlation-Id"] = named[:_LONGEST_NAME]
    headers, body = prepare(request, response)
    if isinstance(body, bytes):
        exchange.leave()
        recorder.record(exchange, response.status, response.interaction, len(body))
        start_response(status_line(response.status), headers)
        return [body]

    def finished(sent: int, whole: bool) -> None:
        exchange.leave()
        recorder.record(exchange, response.status, response.interaction, sent)

    start_response(status_line(response.status), headers)
    return CountedBody(body, finished)
