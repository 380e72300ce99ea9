"""Calls of the Management API: pages followed, refusals as CommandError, repeated only where that is safe."""

import time
import uuid
from collections.abc import Iterator
from typing import Any

import httpx

from cli import VERSION
from cli.errors import CommandError, Exit, from_problem
from cli.session import Session

TRIES = 4
LONGEST_WAIT = 60.0
PAGE_SIZE = "200"
# What a proxy says while the server behind it restarts, and what the API says of its rate limit.
_PASSING = frozenset({429, 502, 503, 504})


class Api:
    """`post` sends an idempotency key, so that a request whose answer was lost can be sent again."""

    def __init__(self, session: Session, *, timeout: float = 30.0) -> None:
        self.address = session.url
        self._http = httpx.Client(
            base_url=f"{session.url}/api/v1/",
            headers={"Authorization": f"Bearer {session.token}", "User-Agent": f"fireside-cli/{VERSION}"},
            timeout=timeout,
        )

    def get(self, path: str, **query: Any) -> Any:
        return self._send("GET", path, params=_given(query)).json()

    def pages(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """All items of a list, page after page."""
        page = 1
        while True:
            answer = self.get(path, page=page, page_size=PAGE_SIZE, **query)
            yield from answer["results"]
            if not answer["next"]:
                return
            page += 1

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        key = {"Idempotency-Key": str(uuid.uuid4())}
        return _content(self._send("POST", path, json=body or {}, headers=key))

    def delete(self, path: str, **query: Any) -> Any:
        return _content(self._send("DELETE", path, params=_given(query)))

    def patch_part(self, path: str, part: bytes, offset: int) -> int:
        """Send a part of a file; the offset at which the next one begins."""
        headers = {"Content-Type": "application/octet-stream", "Upload-Offset": str(offset)}
        return int(self._send("PATCH", path, content=part, headers=headers).json()["offset"])

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """PATCH with an offset, and POST with its key, may be repeated like GET and DELETE."""
        for left in reversed(range(TRIES)):
            try:
                response = self._http.request(method, path, **options)
            except httpx.HTTPError as error:
                if not left:
                    told = str(error) or type(error).__name__
                    raise CommandError(
                        f"{self._http.base_url.host} cannot be reached: {told}", Exit.UNREACHABLE
                    ) from error
                time.sleep(0.5)
                continue
            if response.status_code not in _PASSING or not left:
                return _checked(response)
            time.sleep(_wait(response))
        raise AssertionError("the last try returns or raises")


def _given(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}


def _wait(response: httpx.Response) -> float:
    asked = response.headers.get("Retry-After", "")
    return min(float(asked), LONGEST_WAIT) if asked.isdigit() else 1.0


def _checked(response: httpx.Response) -> httpx.Response:
    if response.is_success:
        return response
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {
            "detail": f"{response.url} answered {response.status_code}. Is this the address of Fireside?"
        }
    raise from_problem(response.status_code, problem)


def _content(response: httpx.Response) -> Any:
    return response.json() if response.content else None
