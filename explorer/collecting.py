"""Requests that a person keeps: collected for a Bundle in the session, or saved by name, for themselves or their tenant."""

from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Q, QuerySet

from explorer.bench import Bench
from explorer.building.composing import Json, NotAnEntry, bundle_entry
from explorer.building.draft import Draft
from explorer.building.outgoing import Outgoing, build_request
from explorer.execution import open_draft
from explorer.models import ForeignServer, SavedRequest
from explorer.targets import Target, kept_for
from portal.models import Role, User

MOST_COLLECTED = 50


@dataclass(frozen=True)
class Collected:
    """One request on its way into a Bundle. `problem` says why it cannot be an entry."""

    draft: Draft
    request: Outgoing
    entry: Json
    problem: str


def collect(session: SessionBase, target: Target, sealed: str) -> bool:
    """Put a sealed draft at the end; False when there is no more room or it cannot be opened."""
    held = _sealed(session, target)
    if len(held) >= MOST_COLLECTED or open_draft(sealed) is None:
        return False
    session[_key(target)] = [*held, sealed]
    return True


def list_collected(session: SessionBase, target: Target) -> list[Collected]:
    drafts = [open_draft(each) for each in _sealed(session, target)]
    found = (_collected(target, draft) for draft in drafts if draft)
    return [each for each in found if each]


def move_collected(session: SessionBase, target: Target, index: int, steps: int) -> None:
    """Move one request up (-1) or down (1); 0 takes it out."""
    held = _sealed(session, target)
    if not 0 <= index < len(held):
        return
    taken = held.pop(index)
    if steps:
        held.insert(max(0, index + steps), taken)
    session[_key(target)] = held


def clear_collected(session: SessionBase, target: Target) -> None:
    session.pop(_key(target), None)


def _collected(target: Target, draft: Draft) -> Collected | None:
    """None when the deployment does not list the operation any more."""
    bench = Bench(target, draft.resource_type)
    operation = next((each for each in bench.operations if each.key == draft.operation), None)
    if operation is None:
        return None
    request = build_request(draft, operation, bench.base)
    try:
        return Collected(draft, request, bundle_entry(request, bench.base), "")
    except NotAnEntry as error:
        return Collected(draft, request, {}, str(error))


def _sealed(session: SessionBase, target: Target) -> list[str]:
    return list(session.get(_key(target), ()))


def _key(target: Target) -> str:
    return f"explorer:bundle:{target.pk}"


def save_request(target: Target, user: User, name: str, sealed: str, *, shared: bool) -> SavedRequest | None:
    """Save a sealed draft under a name; one of the same name is replaced. None when it cannot be opened.

    Only who may write shares with the tenant.
    """
    draft = open_draft(sealed)
    if draft is None:
        return None
    saved, _ = SavedRequest.objects.update_or_create(
        **kept_for(target),
        user=user,
        name=name.strip()[:80] or f"{draft.operation} {draft.resource_type}".strip(),
        defaults={
            "sealed": sealed,
            "shared": shared and _may_share(target),
            "resource_type": draft.resource_type,
        },
    )
    return saved


def _may_share(target: Target) -> bool:
    if isinstance(target, ForeignServer):
        return target.shared_with_id is not None
    return getattr(target, "role", Role.READ) >= Role.WRITE


def list_saved(target: Target, user: User) -> QuerySet[SavedRequest]:
    """A person's own saved requests, and those shared in the tenant, by name."""
    mine_or_shared = Q(user=user) | Q(shared=True)
    return SavedRequest.objects.filter(mine_or_shared, **kept_for(target)).select_related("user")


def delete_saved(target: Target, user: User, saved_id: int) -> bool:
    """One's own; an administrator also what others share."""
    may_all = getattr(target, "role", Role.READ) >= Role.ADMIN
    found = list_saved(target, user).filter(pk=saved_id)
    deleted, _ = (found if may_all else found.filter(user=user)).delete()
    return bool(deleted)
