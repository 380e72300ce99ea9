"""From a line of the log to the page of the explorer that shows the same request again, ready to be sent.

The explorer lies above the gateway, so this only writes its address (design, section 3): `.do` is the operation, `.id` and
`.vid` the resource and version, everything else is a search parameter. A secret is never part of it.
"""

import re
from urllib.parse import urlencode

from gateway.inbound import MalformedRequest, parse_query
from gateway.models import RequestLog
from portal.secrets import UnreadableSecret

_OPERATIONS = {
    "search-type": "search",
    "read": "read",
    "vread": "vread",
    "create": "create",
    "update": "update",
    "patch": "patch",
    "delete": "delete",
    "history-instance": "history",
    "history-type": "history-type",
}
_PATH = re.compile(
    r"([A-Z][A-Za-z]+)(?:/([A-Za-z0-9.\-]{1,64}))?(?:/_history/([A-Za-z0-9.\-]{1,64}))?(?:/_history|/_search)?"
)


def explorer_address(line: RequestLog) -> str:
    """Empty when the explorer has no page for it (batches, requests that no route matched)."""
    match = _PATH.fullmatch(line.path)
    operation = _OPERATIONS.get(line.interaction) or _guess(line)
    if match is None or not operation:
        return ""
    resource_type, logical_id, version_id = match.groups()
    pairs = [(".do", operation), (".id", logical_id or ""), (".vid", version_id or "")]
    try:
        query = parse_query(line.query)
    except (MalformedRequest, UnreadableSecret):
        query = []
    pairs += [(name, value) for name, value in query if not name.startswith(".")]
    shown = urlencode([(name, value) for name, value in pairs if value])
    return f"/deployments/{line.deployment_id}/api/{resource_type}/?{shown}"


def _guess(line: RequestLog) -> str:
    """What a request would have been that the door refused before the engine saw it."""
    depth = line.path.count("/")
    return {("GET", 0): "search", ("GET", 1): "read", ("POST", 0): "create", ("PUT", 1): "update"}.get(
        (line.method, depth), ""
    )
