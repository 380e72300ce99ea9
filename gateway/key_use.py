"""Which rights a key's requests needed, read from the log: what `credentials.used_rights` compares with those granted."""

from datetime import timedelta

from django.utils import timezone

from credentials.models import ApiKey
from credentials.used_rights import Observed, Seen
from gateway.needs import letters_of_interactions
from gateway.used_rights import LONGEST_LOOK, each_use
from portal.plans import get_terms

_BY_ID = frozenset({"update", "patch", "delete"})
_NEEDS_NO_RIGHT = frozenset({"capabilities", "smart-configuration", ""})


def observe(api_key: ApiKey) -> Observed:
    """Looks back as far as the plan keeps the log, 90 days at most."""
    back = min(timedelta(days=get_terms(api_key.deployment.tenant).log_days), LONGEST_LOOK)
    since = max(timezone.now() - back, api_key.created)
    seen: list[Seen] = []
    unread = 0
    for interaction, first, by_id, status, requests, last in each_use(
        api_key.deployment_id, api_key.prefix, since
    ):
        letters = _letters(interaction, status, by_id=by_id)
        if not letters and interaction not in _NEEDS_NO_RIGHT:
            unread += requests
        named = first if first[:1].isupper() else "*"
        seen += [Seen(named, letter, requests, last) for letter in letters]
    return Observed(since, tuple(seen), unread)


def _letters(interaction: str, status: int, *, by_id: bool) -> str:
    letters = letters_of_interactions().get(interaction, "")
    if interaction == "update" and status == 201:
        # An update that made the resource needed the right to create as well.
        letters = "cu"
    is_conditional = interaction in _BY_ID and not by_id
    found_one = interaction == "create" and status == 200  # If-None-Exist
    return f"{letters}s" if is_conditional or found_one else letters
