"""The answer of a connected server on its way to the caller: some of its headers, its body with our addresses, in parts."""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx

from fhirserver.http import FhirResponse
from gateway.outcomes import outcome
from gateway.readdressing import Readdressing

_RETURNED = {
    "content-type": "Content-Type",
    "etag": "ETag",
    "last-modified": "Last-Modified",
    "location": "Location",
    "content-location": "Content-Location",
    "retry-after": "Retry-After",
    "expires": "Expires",
    "x-progress": "X-Progress",
    "allow": "Allow",
    "accept-patch": "Accept-Patch",
}
_WITH_ADDRESSES = frozenset({"location", "content-location"})
# What somebody else's server says is never a page of this installation: no script of it runs here.
_CONFINED = {"Content-Security-Policy": "sandbox; default-src 'none'"}
_OUTCOME_MEANT = ("json", "xml")
_CODES = {404: "not-found", 405: "not-supported", 410: "deleted", 412: "conflict", 429: "throttled"}


def relayed(method: str, answer: httpx.Response, to_ours: Readdressing, opened: ExitStack) -> FhirResponse:
    """`opened` is closed with the body, which is bytes when there is none."""
    media_type = answer.headers.get("content-type", "")
    headers = _headers(answer, to_ours)
    if answer.status_code >= 400 and not any(each in media_type for each in _OUTCOME_MEANT):
        return _explained(answer.status_code, media_type, headers)
    if method == "HEAD" or answer.status_code in (204, 304):
        return FhirResponse(answer.status_code, headers, b"")
    return FhirResponse(
        answer.status_code, headers, _Relayed(to_ours.parts(answer.iter_bytes(), media_type), opened)
    )


class _Relayed(Iterator[bytes]):
    """Parts of a body; closing it, read or not, gives the connection back."""

    def __init__(self, parts: Iterator[bytes], opened: ExitStack) -> None:
        self._parts, self._opened = parts, opened

    def __next__(self) -> bytes:
        try:
            return next(self._parts)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._opened.close()


def _headers(answer: httpx.Response, to_ours: Readdressing) -> dict[str, str]:
    headers = dict(_CONFINED)
    for name, shown in _RETURNED.items():
        value = answer.headers.get(name)
        if value is not None:
            headers[shown] = to_ours.text(value) if name in _WITH_ADDRESSES else value
    return headers


def _explained(status: int, media_type: str, headers: dict[str, str]) -> FhirResponse:
    """An error page of a proxy in between, or of the server itself, is of no use to a FHIR client."""
    kind = media_type.partition(";")[0].strip() or "nothing"
    code = _CODES.get(status, "transient" if status >= 500 else "processing")
    text = f"The connected server answered {status} with {kind} in the place of an OperationOutcome."
    kept: dict[str, str] = {
        name: value for name, value in headers.items() if name in ("Retry-After", "Allow")
    }
    return outcome(status, code, text, kept)
