"""The request with fetch, for JavaScript (Node 18 and later, Deno, browsers with CORS)."""

import json
from collections.abc import Iterable

from explorer.building.outgoing import Outgoing, Secret


def render_javascript(request: Outgoing) -> str:
    headers = [f"    {json.dumps(name)}: {json.dumps(value)}," for name, value in request.headers]
    if secret := request.secret:
        value = f"process.env.{secret.variable}"
        if secret.scheme:
            value = f"`{secret.scheme} ${{{value}}}`"
        headers.insert(0, f"    {json.dumps(secret.header)}: {value},")
    lines = [f"const response = await fetch({json.dumps(request.url)}, {{"]
    lines += [f"  method: {json.dumps(request.method)},", "  headers: {", *headers, "  },"]
    if request.body:
        lines.append(f"  body: {template(request.body)},")
    lines += ["});", "console.log(response.status);", "console.log(await response.text());"]
    return "\n".join(lines)


def headers_literal(headers: Iterable[tuple[str, str]], secret: Secret | None) -> str:
    """The headers as an object in one line, the secret first and from its variable."""
    written = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in headers]
    if secret:
        value = f"process.env.{secret.variable}"
        value = f"`{secret.scheme} ${{{value}}}`" if secret.scheme else value
        written.insert(0, f"{json.dumps(secret.header)}: {value}")
    return f"{{ {', '.join(written)} }}" if written else "{}"


def template(text: str) -> str:
    """A template literal: it may run over lines; a carriage return would be lost, so it is escaped."""
    for plain, escaped in (("\\", "\\\\"), ("`", "\\`"), ("${", "\\${"), ("\r", "\\r")):
        text = text.replace(plain, escaped)
    return f"`{text}`"
