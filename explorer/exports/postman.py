"""A Postman collection (v2.1) of a resource type; the secret is a variable that stays empty.

https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html
"""

from collections.abc import Iterable, Sequence
from typing import Any

from explorer.building.draft import Draft
from explorer.building.interactions import Operation
from explorer.building.outgoing import API_KEY, Secret, build_request

_SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def render_postman(
    title: str,
    base: str,
    types: Iterable[tuple[str, Sequence[Operation], str]],
    secret: Secret | None = None,
) -> dict[str, Any]:
    """The collection: a folder for each (resource type, operations, example body)."""
    auth, variables = _auth(secret or API_KEY)
    return {
        "info": {"name": title, "schema": _SCHEMA},
        "auth": auth,
        "variable": [{"key": "baseUrl", "value": base}, *({"key": name, "value": ""} for name in variables)],
        "item": [
            {"name": name or "System", "item": [_item(operation, name, example) for operation in operations]}
            for name, operations, example in types
        ],
    }


def _auth(secret: Secret) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Postman's words for how the secret travels, and the variables that hold it."""
    if secret.scheme == "Bearer":
        return {"type": "bearer", "bearer": [_string("token", "{{token}}")]}, ("token",)
    if secret.scheme == "Basic":
        pair = [_string("username", "{{username}}"), _string("password", "{{password}}")]
        return {"type": "basic", "basic": pair}, ("username", "password")
    named = [_string("key", secret.header), _string("value", "{{apiKey}}"), _string("in", "header")]
    return {"type": "apikey", "apikey": named}, ("apiKey",)


def _string(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value, "type": "string"}


def _item(operation: Operation, resource_type: str, example: str) -> dict[str, Any]:
    body = example if operation.body in ("resource", "bundle") else ""
    draft = Draft(operation.key, resource_type, ":id", ":vid", body=body)
    request = build_request(draft, operation, "{{baseUrl}}")
    shown: dict[str, Any] = {
        "method": request.method,
        "url": request.url,
        "description": operation.summary,
        "header": [{"key": name, "value": value} for name, value in request.headers],
    }
    if request.body:
        shown["body"] = {"mode": "raw", "raw": request.body}
    return {"name": operation.title, "request": shown}
