"""Executing a draft: checked, sent through the door, remembered in its sender's history."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet
from django.http import QueryDict

from deployments.models import Deployment
from explorer.answers.comparison import Comparison
from explorer.answers.difference import Effect
from explorer.bench import Bench
from explorer.building.check import Problem
from explorer.building.draft import Draft, draft_from_fields
from explorer.building.interactions import Operation
from explorer.building.outgoing import API_KEY, Outgoing
from explorer.held import Held
from explorer.models import SentRequest
from explorer.sending import Answer, send
from explorer.targets import Target, kept_for
from portal.models import User
from portal.outbound import OutboundError
from portal.secrets import UnreadableSecret, decrypt, encrypt

MOST_REMEMBERED = 100
LONGEST_REMEMBERED_BODY = 32_000


@dataclass(frozen=True)
class Attempt:
    """A draft that was previewed, sent or rehearsed: `answer` is None when it was not sent.

    `effects` are those of a dry run (`explorer.rehearsing`), `comparison` is that of several credentials (`explorer.comparing`).
    """

    operation: Operation
    draft: Draft
    request: Outgoing
    problems: tuple[Problem, ...]
    answer: Answer | None = None
    is_dry_run: bool = False
    effects: tuple[Effect, ...] = ()
    comparison: Comparison | None = None

    @property
    def blocked(self) -> bool:
        return any(problem.blocking for problem in self.problems)


def prepare(bench: Bench, draft: Draft, problems: Iterable[Problem], held: Held | None) -> Attempt:
    """The request that would be sent; without a credential it shows where an API key belongs."""
    operation = bench.operation(draft.operation)
    request = bench.request(draft, operation)
    missing = None if request.outside else API_KEY
    request = request.with_secret(held.scheme if held else missing)
    return Attempt(operation, draft, request, tuple(problems))


def execute(attempt: Attempt, bench: Bench, held: Held | None, user: User, client_address: str) -> Attempt:
    """Send what `prepare` made, unless a problem blocks it, and remember it."""
    if attempt.blocked:
        return attempt
    try:
        answer = send(attempt.request, held.text if held else "", client_address)
    except OutboundError as error:
        return replace(attempt, problems=(*attempt.problems, Problem("", str(error))))
    _remember(attempt, bench.deployment, held, user, answer)
    return replace(attempt, answer=answer)


def _remember(attempt: Attempt, target: Target, held: Held | None, user: User, answer: Answer) -> None:
    sent = SentRequest.objects.create(
        **kept_for(target),
        user=user,
        method=attempt.request.method,
        operation=attempt.draft.operation,
        resource_type=attempt.draft.resource_type,
        status=answer.status,
        duration=answer.duration,
        credential=held.label[:80] if held else "",
        trace_id="" if attempt.request.outside else answer.header("x-request-id")[:16],
        sealed=seal_draft(attempt.draft),
    )
    if sent.pk % 10 == 0:
        mine = list_sent(target, user)
        kept = list(mine.values_list("pk", flat=True)[:MOST_REMEMBERED])
        mine.exclude(pk__in=kept).delete()


def last_used(user: User, among: Sequence[Deployment]) -> Deployment | None:
    """The deployment that the person sent a request to last."""
    last = SentRequest.objects.filter(user=user, deployment__in=among).first()
    return next((each for each in among if last and each.pk == last.deployment_id), None)


def list_sent(target: Target, user: User) -> QuerySet[SentRequest]:
    """A person's own requests, newest first."""
    return SentRequest.objects.filter(**kept_for(target), user=user)


def seal_draft(draft: Draft) -> str:
    """The draft, encrypted: its criteria and body may name patients. A long body is left out."""
    body = draft.body if len(draft.body) <= LONGEST_REMEMBERED_BODY else ""
    return encrypt(json.dumps({"address": draft.address(), "type": draft.resource_type, "body": body}))


def open_draft(sealed: str) -> Draft | None:
    """The sealed draft; None when its key is gone or it is none."""
    try:
        content = json.loads(decrypt(sealed))
    except (UnreadableSecret, ValueError):
        return None
    fields = dict(QueryDict(content["address"]).lists())
    return draft_from_fields(fields, content["type"], "").with_body(content["body"])
