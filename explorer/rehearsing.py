"""The dry run of a write: sent through the door, taken back by the engine, and compared with what is stored."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from explorer import definitions
from explorer.answers.difference import Effect, compare, content_of
from explorer.bench import Bench
from explorer.building.interactions import Operation
from explorer.building.outgoing import MEDIA_TYPES, Outgoing
from explorer.execution import Attempt
from explorer.held import Held
from explorer.models import ForeignServer
from explorer.sending import Answer, send

MOST_EFFECTS = 20


def can_rehearse(operation: Operation, bench: Bench) -> bool:
    """Whether the request writes, and the embedded server can take it back."""
    target = bench.deployment
    embedded = not isinstance(target, ForeignServer) and not target.upstream
    return embedded and not operation.safe and not operation.name


def why_no_rehearsal(operation: Operation, bench: Bench) -> str:
    """Why a write has no dry run here; empty where it has one, or writes nothing."""
    if operation.safe or operation.name or can_rehearse(operation, bench):
        return ""
    instead = " $validate checks the body without storing it." if bench.offers("$validate") else ""
    return f"No dry run: only Fireside's embedded server can take a write back.{instead}"


def rehearse(attempt: Attempt, bench: Bench, held: Held | None, client_address: str) -> Attempt:
    """Send what `prepare` made as a dry run, unless a problem blocks it. It leaves no trace in anyone's history."""
    if attempt.blocked:
        return attempt
    secret = held.text if held else ""
    answer = send(_telling(attempt.request), secret, client_address, dry_run=True)
    effects = tuple(_effects(attempt, bench, answer, secret, client_address))
    return replace(attempt, answer=answer, effects=effects, is_dry_run=True)


def _telling(request: Outgoing) -> Outgoing:
    """The same request, its answer such that the effect can be seen in it."""
    kept = [(name, value) for name, value in request.headers if name not in ("Accept", "Prefer")]
    wanted = [("Accept", MEDIA_TYPES["json"]), ("Prefer", "return=representation")]
    return replace(request, headers=(*wanted, *kept))


def _effects(
    attempt: Attempt, bench: Bench, answer: Answer, secret: str, client_address: str
) -> Iterator[Effect]:
    if answer.status >= 300:
        return
    for place, after in list(_written(attempt, bench, answer))[:MOST_EFFECTS]:
        request = Outgoing("GET", f"{bench.base}/{place}", (("Accept", MEDIA_TYPES["json"]),))
        before = send(request.with_secret(attempt.request.secret), secret, client_address)
        yield _effect(place, _decoded(before.body) if before.status == 200 else None, after)


def _effect(place: str, before: Any, after: Any) -> Effect:
    old, new = content_of(before), content_of(after)
    if not old:
        kind = "created" if new else "the same as before"
    elif not new:
        kind = "deleted"
    else:
        kind = "the same as before" if old == new else "changed"
    return Effect(place, kind, compare(old, new, _text))


def _text(content: dict[str, Any]) -> str:
    return definitions.indent_json(content) if content else ""


def _written(attempt: Attempt, bench: Bench, answer: Answer) -> Iterator[tuple[str, Any]]:
    """`(Type/id, content after the write)` of each resource that the request touched; None when it is deleted."""
    draft, body = attempt.draft, _decoded(answer.body)
    if attempt.operation.key == "delete":
        yield f"{draft.resource_type}/{draft.logical_id}", None
    elif isinstance(body, dict) and body.get("resourceType") == "Bundle":
        yield from _written_by_entries(_decoded(draft.body.encode()), body, bench)
    elif isinstance(body, dict) and body.get("id"):
        yield f"{body['resourceType']}/{body['id']}", body


def _written_by_entries(asked: Any, answered: dict[str, Any], bench: Bench) -> Iterator[tuple[str, Any]]:
    if not isinstance(asked, dict):
        return
    for entry, result in zip(asked.get("entry") or (), answered.get("entry") or (), strict=False):
        request, response = entry.get("request") or {}, result.get("response") or {}
        if request.get("method") == "GET" or not str(response.get("status", "")).startswith("2"):
            continue
        if request.get("method") == "DELETE":
            yield str(request.get("url", "")).partition("?")[0], None
        elif location := str(response.get("location", "")):
            place = location.removeprefix(f"{bench.base}/").partition("/_history")[0]
            yield place, result.get("resource") or entry.get("resource")


def _decoded(body: bytes) -> Any:
    try:
        return definitions.decode_json(body)
    except ValueError:
        return None
