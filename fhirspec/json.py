"""FHIR JSON without loss: decimals keep their text (`1.50` stays `1.50`). https://hl7.org/fhir/R4/json.html"""

import json
from decimal import Decimal
from typing import Any

import msgspec

MAX_DEPTH = 100

_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_encode = msgspec.json.Encoder(decimal_format="number").encode

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class MalformedJson(ValueError):
    """Bytes that are not FHIR JSON. `line` and `column` count from 1; both 0 where no place can be named."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{message} (line {line}, column {column})" if line else message)
        self.line, self.column = line, column


def decode(body: bytes) -> Any:
    """The value of a JSON text; numbers with a fraction or exponent are Decimal. MalformedJson names the place."""
    if body.startswith(_BYTE_ORDER_MARK):
        body = body[3:]
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise _explained(body, problem) from None


def decode_object(body: bytes) -> dict[str, Any]:
    """As `decode`, for a text that must be one object nested no deeper than MAX_DEPTH."""
    value = decode(body)
    if not isinstance(value, dict):
        raise MalformedJson(f"Expected a JSON object, found {_kind(value)}", 1, 1)
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise MalformedJson(f"The JSON is nested deeper than {MAX_DEPTH} levels")
    return value


def encode(value: Any) -> bytes:
    """Compact JSON in UTF-8, keys in their order, decimals as they were."""
    return _encode(value)


def encode_pretty(value: Any) -> bytes:
    """As `encode`, indented by two spaces."""
    return msgspec.json.format(_encode(value), indent=2)


def _explained(body: bytes, problem: Exception) -> MalformedJson:
    if isinstance(problem, RecursionError):
        return MalformedJson(f"The JSON is nested deeper than {MAX_DEPTH} levels")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as fault:
        line = body.count(b"\n", 0, fault.start) + 1
        column = fault.start - body.rfind(b"\n", 0, fault.start)
        return MalformedJson("The text is not UTF-8", line, column)
    if not text.strip():
        return MalformedJson("The body is empty; expected a JSON object")
    try:
        json.loads(text)
    except json.JSONDecodeError as fault:
        return MalformedJson(fault.msg, fault.lineno, fault.colno)
    except RecursionError:
        return MalformedJson(f"The JSON is nested deeper than {MAX_DEPTH} levels")
    return MalformedJson(str(problem))


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def _depth(value: Any) -> int:
    """How deep objects and arrays nest, without recursion."""
    deepest, stack = 0, [(value, 1)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        inner = node.values() if isinstance(node, dict) else node
        stack.extend((one, level + 1) for one in inner if isinstance(one, dict | list))
    return deepest
