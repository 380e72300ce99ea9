"""Sends a request through the same door as any outside client, and reads the answer in part or whole.

The door is the WSGI application that the web server itself serves, called in this process: a web worker never
waits for another worker, so Execute cannot starve a small installation, and nothing on the way is left out.
"""

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from django.core.servers.basehttp import get_internal_wsgi_application

from explorer.building.outgoing import Outgoing
from gateway.decisions import Member
from gateway.inbound import DRY_RUN, INSIDE, MEMBER
from portal.outbound import OutboundError, stream

_INDENTED = re.compile(rb"\s*(<\?[^>]*\?>\s*)?(<[^>]*>|[{\[])[ \t\r]*\n")
# An answer is read up to here to be shown; a download streams all of it.
SHOWN_BYTES = 1_000_000
TIMEOUT_SECONDS = 60.0
OUTSIDE_SECONDS = 20.0  # a server elsewhere has no more of a web worker's time


@dataclass(frozen=True)
class Answer:
    """`duration` is in milliseconds until the last byte read; `complete` says whether the body is whole."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    complete: bool
    duration: float

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def is_json(self) -> bool:
        return "json" in self.header("content-type")

    @property
    def is_xml(self) -> bool:
        return "xml" in self.header("content-type")

    @property
    def is_indented(self) -> bool:
        """Whether the first element or member of the body stands on a line of its own."""
        return bool(_INDENTED.match(self.body))

    @property
    def size(self) -> int:
        """Bytes of the whole body as far as known: what was declared, else what was read."""
        declared = self.header("content-length")
        return int(declared) if declared.isdigit() else len(self.body)


@contextmanager
def open_answer(
    request: Outgoing,
    secret: str,
    client_address: str,
    *,
    dry_run: bool = False,
    member: Member | None = None,
) -> Iterator[httpx.Response]:
    """The response, its body not read yet. `secret` is empty for a request without a credential.

    Raises OutboundError when a server elsewhere may not be spoken to, or does not answer.
    """
    headers = [*request.headers, ("Accept-Encoding", "identity"), ("User-Agent", "Fireside-Explorer")]
    if secret and request.secret:
        headers.append((request.secret.header, request.secret.value(secret)))
    content = request.body.encode() if request.body else None
    if request.outside:
        with stream(
            request.url,
            method=request.method,
            headers=dict(headers),
            content=content,
            timeout=OUTSIDE_SECONDS,
        ) as answer:
            yield answer
        return
    transport = httpx.WSGITransport(
        app=_marked({INSIDE: True, DRY_RUN: dry_run, MEMBER: member}),
        raise_app_exceptions=False,
        remote_addr=client_address,
    )
    with (
        httpx.Client(transport=transport, timeout=TIMEOUT_SECONDS, trust_env=False) as client,
        client.stream(request.method, request.url, headers=headers, content=content) as response,
    ):
        yield response


def _marked(marks: dict[str, object]) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
    """The product's application, told what no client can tell it."""
    application = get_internal_wsgi_application()

    def called(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answered: Iterable[bytes] = application({**environ, **marks}, start_response)
        return answered

    return called


def send(
    request: Outgoing,
    secret: str,
    client_address: str,
    limit: int = SHOWN_BYTES,
    *,
    dry_run: bool = False,
    member: Member | None = None,
) -> Answer:
    """Send and read at most `limit` bytes of the body. With `dry_run` the engine takes back whatever it wrote.

    `member`: whose request it is, when a page has checked the role and no credential is sent.
    """
    started = time.perf_counter()
    with open_answer(request, secret, client_address, dry_run=dry_run, member=member) as response:
        read, complete = _read(response, limit, started + (OUTSIDE_SECONDS if request.outside else math.inf))
        duration = (time.perf_counter() - started) * 1000
        return Answer(
            status=response.status_code,
            reason=response.reason_phrase,
            headers=tuple(response.headers.multi_items()),
            body=read,
            complete=complete,
            duration=duration,
        )


def _read(response: httpx.Response, limit: int, deadline: float) -> tuple[bytes, bool]:
    parts = bytearray()
    for part in response.iter_bytes():
        parts += part
        if len(parts) > limit:
            return bytes(parts[:limit]), False
        if time.perf_counter() > deadline:
            raise OutboundError("The answer took too long.")
    return bytes(parts), True
