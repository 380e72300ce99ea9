"""Carries a new secret over the redirect to the page that shows it: encrypted in the session, and gone when read."""

import json
from typing import NamedTuple

from django.http import HttpRequest

from portal import secrets

_KEY = "secret_shown_once"


class Shown(NamedTuple):
    name: str
    text: str


def keep_for_one_page(request: HttpRequest, deployment_id: str, name: str, text: str) -> None:
    request.session[_KEY] = secrets.encrypt(json.dumps([deployment_id, name, text]))


def take_kept(request: HttpRequest, deployment_id: str) -> Shown | None:
    """The secret of this deployment that was made a moment ago; the second call has nothing."""
    kept = request.session.pop(_KEY, None) if request.method == "GET" else None
    if kept is None:
        return None
    try:
        of, name, text = json.loads(secrets.decrypt(kept))
    except secrets.UnreadableSecret:
        return None
    return Shown(name, text) if of == deployment_id else None
