"""The request with Medplum's client, for JavaScript: https://www.medplum.com/docs/sdk/core"""

import json
from urllib.parse import urlsplit

from explorer.building.outgoing import Outgoing
from explorer.snippets.clients import Call, read_call
from explorer.snippets.javascript import headers_literal, template


def render_medplum(request: Outgoing, base: str) -> str:
    """Empty for what Medplum's client does not speak."""
    call = read_call(request, base)
    if call is None:
        return ""
    parts = urlsplit(base)
    lines = [
        'import { MedplumClient } from "@medplum/core";',
        "",
        "const medplum = new MedplumClient({",
        f"  baseUrl: {json.dumps(f'{parts.scheme}://{parts.netloc}/')},",
        f"  fhirUrlPath: {json.dumps(parts.path.strip('/'))},",
        f"  defaultHeaders: {headers_literal(call.headers, request.secret)},",
        "});",
    ]
    if call.body is not None:
        lines.append(f"const body = JSON.parse({template(request.body)});")
    if call.kind == "delete":
        return "\n".join([*lines, f"await {_statement(call)};"])
    lines.append(f"const answer = await {_statement(call)};")
    return "\n".join([*lines, "console.log(JSON.stringify(answer, null, 2));"])


def _statement(call: Call) -> str:
    names = ", ".join(map(json.dumps, call.segments))
    match call.kind:
        case "read":
            return f"medplum.readResource({names})"
        case "search":
            return f"medplum.search({names}, {json.dumps(call.query)})"
        case "create" | "update":
            return f"medplum.{call.kind}Resource(body)"
        case "delete":
            return f"medplum.deleteResource({names})"
    url = "`${medplum.fhirUrl()}" + template(call.target)[1:]
    body = ', body, "application/fhir+json"' if call.body is not None else ""
    return f"medplum.{call.method.lower()}({url}{body})"
