"""From where browser applications may call a deployment: the origins of the addresses they registered."""

import time

from credentials.models import OAuthApplication
from smart.addresses import origin_of

_REMEMBER = 2.0  # seconds
_MOST = 2000
_remembered: dict[str, tuple[float, frozenset[str]]] = {}


def registered_origins(deployment_id: str) -> frozenset[str]:
    """Of all enabled applications of the deployment; at most two seconds old."""
    until, origins = _remembered.get(deployment_id, (0.0, frozenset()))
    if time.monotonic() < until:
        return origins
    rows = OAuthApplication.objects.filter(
        server__deployment_id=deployment_id, server__enabled=True, enabled=True
    ).values_list("redirect_uris", "launch_url")
    origins = frozenset(origin_of(address) for uris, launch in rows for address in (*uris, launch)) - {""}
    if len(_remembered) > _MOST:
        _remembered.clear()
    _remembered[deployment_id] = (time.monotonic() + _REMEMBER, origins)
    return origins


def forget_origins() -> None:
    """In this process; the others follow within two seconds."""
    _remembered.clear()
