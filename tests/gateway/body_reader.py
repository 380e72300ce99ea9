"""A WSGI application for tests of real connections: it reads the body as the gateway does, and says what became of it."""

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")

import django

django.setup()

from gateway.body_places import PlacedBody  # noqa: E402
from gateway.inbound import read_inbound  # noqa: E402
from portal.places import NoPlace  # noqa: E402


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    request = read_inbound(environ)
    try:
        if request is not None:
            body = request.body()
        else:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            body = PlacedBody(environ["wsgi.input"]).read(length) if length else b""
    except NoPlace:
        start_response("503 Service Unavailable", [("Content-Length", "0"), ("Connection", "close")])
        return []
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]
