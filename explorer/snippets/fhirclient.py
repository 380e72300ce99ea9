"""The request with fhirclient, the SMART client for JavaScript: https://docs.smarthealthit.org/client-js/"""

import json

from explorer.building.outgoing import Outgoing, Secret
from explorer.snippets.clients import Call, read_call
from explorer.snippets.javascript import headers_literal, template


def render_fhirclient(request: Outgoing, base: str) -> str:
    """Empty for what fhirclient does not speak as its own."""
    call = read_call(request, base)
    if call is None:
        return ""
    lines = ['import FHIR from "fhirclient";', ""]
    # Outside of a SMART launch it wants the web request that it serves: an empty one will do.
    lines.append(
        f"const client = FHIR({{ headers: {{}} }}, {{}}).client({{ serverUrl: {json.dumps(base)} }});"
    )
    if call.body is not None:
        lines.append(f"const body = JSON.parse({template(request.body)});")
    if call.kind == "delete":
        return "\n".join([*lines, f"await {_statement(call, request.secret)};"])
    lines.append(f"const answer = await {_statement(call, request.secret)};")
    return "\n".join([*lines, "console.log(JSON.stringify(answer, null, 2));"])


def _statement(call: Call, secret: Secret | None) -> str:
    options = f"{{ headers: {headers_literal(call.sent_headers, secret)} }}"
    match call.kind:
        case "create" | "update":
            return f"client.{call.kind}(body, {options})"
        case "delete":
            return f"client.delete({json.dumps(call.path)}, {options})"
    more = f", method: {json.dumps(call.method)}" if call.method != "GET" else ""
    more += ", body: JSON.stringify(body)" if call.body is not None else ""
    return f"client.request({{ url: {json.dumps(call.target)}{more}, headers: {headers_literal(call.sent_headers, secret)} }})"
