"""What drf-spectacular cannot see: the problems that every operation may answer, and the headers that all of them share."""

from typing import Any

_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_SCHEMA = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "example": "about:blank"},
        "title": {"type": "string", "example": "Bad Request"},
        "status": {"type": "integer", "example": 400},
        "detail": {"type": "string", "example": "Some fields are not valid."},
        "errors": {
            "type": "array",
            "description": "Each fault with its place: a JSON pointer into the body, or a parameter of the query, or a header.",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {
                    "pointer": {"type": "string", "example": "#/name"},
                    "parameter": {"type": "string"},
                    "detail": {"type": "string", "example": "This field is required."},
                },
            },
        },
    },
}
_WORDS = {
    "400": "Something in the request is not valid; `errors` says what and where.",
    "401": "There is no token, or it is unknown, expired or revoked.",
    "403": "The person's role or the token's is too small.",
    "404": "There is nothing here that the caller may know of.",
    "406": "The answer is JSON only.",
    "409": "The rules do not allow it now; `detail` says why.",
    "413": "The body is larger than this installation takes.",
    "415": "Send `application/json`.",
    "422": "The `Idempotency-Key` was used for another request.",
    "429": "Too many requests; wait as long as `Retry-After` says.",
}
# Words of a path that say what is done, not to what.
_VERBS = frozenset(
    {
        "start",
        "stop",
        "retry",
        "transfer",
        "leave",
        "restore",
        "presets",
        "clear",
        "exports",
        "take-over",
        "reindex",
    }
)
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Any text of your own. Sent again within 24 hours with the same request, it is done once and answered alike.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def add_problems(result: dict[str, Any], **unused: Any) -> dict[str, Any]:
    """drf-spectacular's postprocessing hook."""
    result["components"]["schemas"]["Problem"] = _SCHEMA
    for path, methods in result["paths"].items():
        for method, operation in methods.items():
            operation["tags"] = [_group(path)]
            if operation.get("security"):
                _complete(path, method, operation)
    return result


def _group(path: str) -> str:
    """What the path is about: "/api/v1/deployments/{deployment_id}/api-keys/{public_id}/" → "Api keys"."""
    words = [word for word in path.removeprefix("/api/v1/").split("/") if word and not word.startswith("{")]
    nested = len(words) > 1 and "{" in path
    named = words[1] if nested and words[1] not in _VERBS else words[0]
    return named.replace("-", " ").capitalize().replace("Api", "API")


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    statuses = {"400", "401", "403", "404", "406", "429"}
    if method != "get":
        statuses |= {"409", "413", "415"}
    if method == "post":
        statuses.add("422")
        operation.setdefault("parameters", []).append(_KEY)
    for status in sorted(statuses):
        operation["responses"].setdefault(
            status,
            {"description": _WORDS[status], "content": {"application/problem+json": {"schema": _PROBLEM}}},
        )
    operation["responses"] = dict(sorted(operation["responses"].items()))
