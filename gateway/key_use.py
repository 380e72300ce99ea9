"""Which rights a key's requests needed, read from the log: what `credentials.used_rights` compares with those granted."""

from datetime import datetime, timedelta

from django.db.models import Case, Count, F, Max, QuerySet, Value, When
from django.db.models.functions import StrIndex, Substr
from django.utils import timezone

from credentials.models import ApiKey
from credentials.used_rights import Observed, Seen
from gateway.decisions import CredentialKind
from gateway.models import RequestLog
from gateway.needs import letters_of_interactions
from portal.plans import get_terms

LONGEST_LOOK = timedelta(days=90)
_NEEDS_NO_RIGHT = frozenset({"capabilities", "smart-configuration", ""})


def observe(api_key: ApiKey) -> Observed:
    """Looks back as far as the plan keeps the log, 90 days at most."""
    back = min(timedelta(days=get_terms(api_key.deployment.tenant).log_days), LONGEST_LOOK)
    since = max(timezone.now() - back, api_key.created)
    seen: list[Seen] = []
    unread = 0
    for interaction, first, status, requests, last in _grouped(api_key, since):
        letters = _letters(interaction, status)
        if not letters and interaction not in _NEEDS_NO_RIGHT:
            unread += requests
        named = first if first[:1].isupper() else "*"
        seen += [Seen(named, letter, requests, last) for letter in letters]
    return Observed(since, tuple(seen), unread)


def _letters(interaction: str, status: int) -> str:
    letter = letters_of_interactions().get(interaction, "")
    # An update that made the resource needed the right to create as well.
    return "cu" if interaction == "update" and status == 201 else letter


def _grouped(api_key: ApiKey, since: datetime) -> QuerySet[RequestLog, tuple[str, str, int, int, datetime]]:
    """(interaction, first part of the path, status, how many, the last), of requests that succeeded."""
    lines = RequestLog.objects.filter(
        deployment_id=api_key.deployment_id,
        credential_kind=CredentialKind.API_KEY,
        credential=api_key.prefix,
        status__lt=400,
        time__gte=since,
    )
    slash = StrIndex("path", Value("/"))
    first = Case(When(slash=0, then=F("path")), default=Substr("path", 1, F("slash") - 1))
    return (
        lines.annotate(slash=slash)
        .annotate(first=first)
        .order_by()
        .values_list("interaction", "first", "status")
        .annotate(requests=Count("pk"), last=Max("time"))
    )
