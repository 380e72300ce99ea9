"""One request sent with each held credential, to see what each may see."""

from dataclasses import replace

from explorer.answers.comparison import Comparison, Seen, compare_answers
from explorer.answers.decoding import decode_answer
from explorer.building.check import Problem
from explorer.execution import Attempt
from explorer.held import Held
from explorer.sending import send
from portal.outbound import OutboundError

_ALONE = "There is nothing to compare yet. Authorize with a second credential at the top of the page, then Compare again."


def compare(attempt: Attempt, held: list[Held], client_address: str) -> Attempt:
    """The attempt with the comparison of its answers, or with the problem that hinders it. No history remembers it."""
    if len(held) < 2 and not attempt.blocked:
        return replace(attempt, problems=(*attempt.problems, Problem("", _ALONE)))
    if attempt.blocked:
        return attempt
    try:
        return replace(attempt, comparison=_compared(attempt, held, client_address))
    except OutboundError as error:
        return replace(attempt, problems=(*attempt.problems, Problem("", str(error))))


def _compared(attempt: Attempt, held: list[Held], client_address: str) -> Comparison:
    seen = []
    for each in held:
        answer = send(attempt.request.with_secret(each.scheme), each.text, client_address)
        body = decode_answer(answer)
        seen.append(Seen(each.label, answer.status, answer.reason, answer.duration, answer.size, body))
    return compare_answers(seen)
