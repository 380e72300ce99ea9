"""The request for HTTPie."""

import shlex

from explorer.building.outgoing import Outgoing


def render_httpie(request: Outgoing) -> str:
    parts = [f"http {request.method} {shlex.quote(request.url)}"]
    if secret := request.secret:
        parts.append(f'"{secret.header}:{secret.value(f"${secret.variable}")}"')
    parts += [shlex.quote(f"{name}:{value}") for name, value in request.headers]
    if request.body:
        parts.append(f"--raw {shlex.quote(request.body)}")
    return " \\\n  ".join(parts)
