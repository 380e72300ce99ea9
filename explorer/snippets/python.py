"""The request with httpx, for Python."""

from explorer.building.outgoing import Outgoing


def render_python(request: Outgoing) -> str:
    lines = ["import os", "", "import httpx", ""]
    if not request.secret:
        lines = ["import httpx", ""]
    if request.body:
        lines += [f"body = {literal(request.body)}", ""]
    lines += [
        "response = httpx.request(",
        f"    {request.method!r},",
        f"    {request.url!r},",
        "    headers={",
    ]
    if secret := request.secret:
        value = f'os.environ["{secret.variable}"]'
        if secret.scheme:
            value = f'f"{secret.scheme} {{os.environ[{secret.variable!r}]}}"'
        lines.append(f"        {secret.header!r}: {value},")
    lines += [f"        {name!r}: {value!r}," for name, value in request.headers]
    lines.append("    },")
    if request.body:
        lines.append("    content=body.encode(),")
    lines += [")", "print(response.status_code)", "print(response.text)"]
    return "\n".join(lines)


def literal(text: str) -> str:
    """A string literal: over several lines where that is exact, else escaped in one."""
    plain = "\\" not in text and '"""' not in text and not text.endswith('"')
    if plain and "\n" in text and text.replace("\n", "").isprintable():
        return f'"""{text}"""'
    return repr(text)
