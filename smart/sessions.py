"""Who is signed in at which deployment's authorization server, in this browser.

It lives beside the portal's own sign-in and has nothing to do with it. A changed password or a disabled user ends it.
"""

import time
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from credentials.models import ServerUser
from smart.models import Authorization
from smart.protocol.redemption import revoke
from smart.scopes import Special, read_scopes

_KEY = "server_users"
_LONGEST = 12 * 3600  # seconds


def sign_in(request: HttpRequest, user: ServerUser) -> None:
    """A new session key, so that one fixed before is worth nothing."""
    request.session.cycle_key()
    known = request.session.get(_KEY, {})
    known[user.deployment_id] = {
        "user": user.pk,
        "at": int(time.time()),
        "proof": user.get_session_auth_hash(),
    }
    request.session[_KEY] = known
    ServerUser.objects.filter(pk=user.pk).update(last_login=timezone.now())


def signed_in_user(request: HttpRequest, deployment_id: str) -> ServerUser | None:
    entry = _entry(request, deployment_id)
    if entry is None or entry["at"] + _LONGEST < time.time():
        return None
    user = ServerUser.objects.filter(pk=entry["user"], deployment_id=deployment_id, enabled=True).first()
    if user is None or not constant_time_compare(entry["proof"], user.get_session_auth_hash()):
        return None
    return user


def signed_in_at(request: HttpRequest, deployment_id: str) -> datetime | None:
    entry = _entry(request, deployment_id)
    return datetime.fromtimestamp(entry["at"], UTC) if entry else None


def sign_out(request: HttpRequest, deployment_id: str) -> None:
    """Also ends what was granted only for as long as the person is signed in (`online_access`)."""
    user = signed_in_user(request, deployment_id)
    if user is not None:
        for authorization in Authorization.objects.filter(user=user, revoked=None):
            scopes = read_scopes(authorization.scopes)
            if Special.ONLINE_ACCESS in scopes and Special.OFFLINE_ACCESS not in scopes:
                revoke(authorization, "the person signed out")
    known = request.session.get(_KEY, {})
    known.pop(deployment_id, None)
    request.session[_KEY] = known


def _entry(request: HttpRequest, deployment_id: str) -> dict[str, Any] | None:
    entry: dict[str, Any] | None = request.session.get(_KEY, {}).get(deployment_id)
    return entry
