"""WSGI entry point, served by granian. FHIR endpoints take a path of their own, without Django's middleware."""

import gc
import os
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.development")

pages = get_wsgi_application()

from gateway.body_places import PlacedBody  # noqa: E402
from gateway.inbound import PREFIX  # noqa: E402
from gateway.wsgi import application as fhir  # noqa: E402

# What was loaded stays; requests make many short-lived objects, which need no collector to go.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 50)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    if environ.get("PATH_INFO", "").startswith(PREFIX):
        return fhir(environ, start_response)
    environ["wsgi.input"] = PlacedBody(environ["wsgi.input"])
    answer: Iterable[bytes] = pages(environ, start_response)
    return answer
