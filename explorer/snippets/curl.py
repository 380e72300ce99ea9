"""The request as a curl command for bash: it may be pasted and run as it is, once the secret's variable is set."""

import shlex

from explorer.building.outgoing import Outgoing

# Linux refuses one argument of 128 KiB; longer bodies go through standard input.
LONGEST_ARGUMENT = 100_000
_CONTINUED = " \\\n  "


def render_curl(request: Outgoing) -> str:
    """A curl command in which everything but the secret's variable is quoted literally."""
    parts = ["curl" if request.method == "GET" else f"curl -X {shlex.quote(request.method)}"]
    parts[0] += f" {shlex.quote(request.url)}"
    if secret := request.secret:
        variable = secret.value(f"${secret.variable}")
        parts.append(f'-H "{secret.header}: {variable}"')
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request.headers]
    if not request.body:
        return _CONTINUED.join(parts)
    if len(request.body.encode()) <= LONGEST_ARGUMENT:
        return _CONTINUED.join([*parts, f"--data-raw {shlex.quote(request.body)}"])
    mark = _unused_mark(request.body)
    return _CONTINUED.join([*parts, f"--data-binary @- <<'{mark}'"]) + f"\n{request.body}\n{mark}"


def _unused_mark(body: str) -> str:
    """An end mark that is no line of the body."""
    mark = "FHIR"
    while mark in body.split("\n"):
        mark += "_"
    return mark
