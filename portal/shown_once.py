"""Carries a new secret over the redirect to the page that shows it: encrypted in the session, and gone when read."""

import json
from typing import NamedTuple

from django.http import HttpRequest

from portal import secrets

_KEY = "secret_shown_once"


class Shown(NamedTuple):
    name: str
    text: str


def keep_for_one_page(request: HttpRequest, of: str, name: str, text: str) -> None:
    """`of`: what the page is about, as the id of a deployment; `name`: whose secret it is."""
    request.session[_KEY] = secrets.encrypt(json.dumps([of, name, text]))


def take_kept(request: HttpRequest, of: str) -> Shown | None:
    """The secret that was made for this page a moment ago; the second call has nothing."""
    kept = request.session.pop(_KEY, None) if request.method == "GET" else None
    if kept is None:
        return None
    try:
        page, name, text = json.loads(secrets.decrypt(kept))
    except secrets.UnreadableSecret:
        return None
    return Shown(name, text) if page == of else None
