"""What can go wrong, each with words for people and an exit code for scripts."""

from enum import IntEnum
from typing import Any


class Exit(IntEnum):
    """Documented in the guide /docs/cli/: scripts rely on these."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOT_SIGNED_IN = 3
    FORBIDDEN = 4
    NOT_FOUND = 5
    REFUSED = 6
    UNREACHABLE = 7
    TIMED_OUT = 8


_OF_STATUS = {
    400: Exit.USAGE,
    401: Exit.NOT_SIGNED_IN,
    403: Exit.FORBIDDEN,
    404: Exit.NOT_FOUND,
    409: Exit.REFUSED,
    422: Exit.REFUSED,
    429: Exit.REFUSED,
}


class CommandError(Exception):
    """Ends the command. `problem` is the server's answer, where it came from there."""

    def __init__(self, message: str, code: Exit = Exit.FAILED, problem: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.problem = problem


def from_problem(status: int, problem: dict[str, Any]) -> CommandError:
    """A problem document (RFC 9457) in words: what is wrong, and each fault with its place."""
    lines = [str(problem.get("detail") or problem.get("title") or f"The server answered {status}.")]
    for fault in problem.get("errors", []):
        place = str(fault.get("pointer", "")).removeprefix("#/") or fault.get("parameter", "")
        lines.append(f"  {place}: {fault['detail']}" if place else f"  {fault['detail']}")
    if status == 401:
        lines.append("Sign in with `fireside login`.")
    return CommandError("\n".join(lines), _OF_STATUS.get(status, Exit.FAILED), problem)
