"""Reading JSON documents of other servers (discovery, key sets) through the guarded client."""

import json
from typing import Any

from portal.outbound import OutboundError, fetch

_MAX_BYTES = 500_000
_TIMEOUT = 5.0


class FetchFailed(Exception):
    """The document could not be had; the message says why and may be shown."""


def fetch_json(url: str) -> dict[str, Any]:
    """A JSON object from `url`. Raises FetchFailed."""
    try:
        answer = fetch(url, headers={"accept": "application/json"}, max_bytes=_MAX_BYTES, timeout=_TIMEOUT)
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
