"""The request with fhirpy, for Python: https://github.com/beda-software/fhir-py"""

from explorer.building.outgoing import Outgoing, Secret
from explorer.snippets.clients import Call, read_call
from explorer.snippets.python import literal


def render_fhirpy(request: Outgoing, base: str) -> str:
    """Empty for what fhirpy does not speak."""
    call = read_call(request, base)
    if call is None:
        return ""
    lines = _imports(call, request.secret)
    if call.body is not None:
        lines += [f"body = json.loads({literal(request.body)})", ""]
    lines += [f"client = SyncFHIRClient({', '.join([repr(base), *_credentials(call, request.secret)])})"]
    return "\n".join([*lines, *_statements(call)])


def _imports(call: Call, secret: Secret | None) -> list[str]:
    modules = [name for name, needed in (("json", True), ("os", bool(secret))) if needed]
    lines = [*(f"import {name}" for name in modules), "", "from fhirpy import SyncFHIRClient"]
    if call.kind == "search" and call.query:
        lines.append("from fhirpy.base.searchset import Raw")
    return [*lines, ""]


def _credentials(call: Call, secret: Secret | None) -> list[str]:
    headers = [f"{name!r}: {value!r}" for name, value in call.headers]
    arguments = []
    if secret and secret.scheme:
        arguments.append(f'authorization=f"{secret.scheme} {{os.environ[{secret.variable!r}]}}"')
    elif secret:
        headers.insert(0, f'{secret.header!r}: os.environ["{secret.variable}"]')
    return arguments + ([f"extra_headers={{{', '.join(headers)}}}"] if headers else [])


def _statements(call: Call) -> list[str]:
    show = "print(json.dumps(answer, indent=2))"
    names = ", ".join(map(repr, call.segments))
    match call.kind:
        case "read":
            return [f"answer = client.get({names})", show]
        case "search":
            asked = f".search(Raw(**{_params(call)}))" if call.query else ""
            return [f"answer = client.resources({names}){asked}.fetch_raw()", show]
        case "create" | "update":
            return [
                'answer = client.resource(body.pop("resourceType"), **body).save()',
                "print(json.dumps(answer.serialize(), indent=2))",
            ]
        case "delete":
            return [f"client.delete({names})"]
    more = f", params={_params(call)}" if call.query else ""
    more += ", data=body" if call.body is not None else ""
    return [f"answer = client.execute({call.path!r}, method={call.method.lower()!r}{more})", show]


def _params(call: Call) -> str:
    found: dict[str, list[str]] = {}
    for name, value in call.pairs:
        found.setdefault(name, []).append(value)
    return repr(found)
