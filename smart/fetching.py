"""Reading JSON documents of other servers (discovery, key sets, introspection) through the guarded client."""

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

from portal.outbound import OutboundError, fetch

_MAX_BYTES = 500_000
_TIMEOUT = 5.0


class FetchFailed(Exception):
    """The document could not be had; the message says why and may be shown."""


def fetch_json(url: str) -> dict[str, Any]:
    """A JSON object from `url`. Raises FetchFailed."""
    return _read(url, headers={"accept": "application/json"})


def post_form(url: str, fields: Mapping[str, str], proof: tuple[str, str]) -> dict[str, Any]:
    """The JSON object that answers a form, sent with a client id and its secret (RFC 6749, 2.3.1). Raises FetchFailed."""
    pair = ":".join(quote_plus(part) for part in proof)
    headers = {
        "accept": "application/json",
        "content-type": "application/x-www-form-urlencoded",
        "authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
    }
    return _read(url, method="POST", headers=headers, content=urlencode(fields).encode())


def _read(url: str, **sent: Any) -> dict[str, Any]:
    try:
        answer = fetch(url, max_bytes=_MAX_BYTES, timeout=_TIMEOUT, **sent)
    except OutboundError as error:
        raise FetchFailed(str(error)) from error
    if answer.status != 200:
        raise FetchFailed(f"{url} answered {answer.status}.")
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise FetchFailed(f"{url} did not answer with JSON.") from error
    if not isinstance(document, dict):
        raise FetchFailed(f"{url} did not answer with a JSON object.")
    return document
