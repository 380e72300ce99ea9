"""What goes on working when a member leaves a tenant: whatever has a secret that the person may know. Apps above say what they have of
it; the page that asks before a member goes lists it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.models import Tenant, User


@dataclass(frozen=True)
class Known:
    """One thing that the person made, and where an administrator ends it or gives it another secret."""

    kind: str
    name: str
    deployment: str
    url: str
    last_used: datetime | None


Source = Callable[[Tenant, User], Iterable[Known]]
_sources: list[Source] = []


def register_known(source: Source) -> None:
    """Called from `AppConfig.ready`."""
    if source not in _sources:
        _sources.append(source)


def list_known(tenant: Tenant, user: User) -> list[Known]:
    """What works now and was made by this person in the tenant."""
    return [one for source in _sources for one in source(tenant, user)]
