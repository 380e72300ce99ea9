"""FHIR JSON without loss: decimals keep their text (`1.50` stays `1.50`). https://hl7.org/fhir/R4/json.html"""

import json
import re
import sys
from collections import Counter
from decimal import Decimal
from typing import Any

import msgspec

MAX_DEPTH = 100

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_space_before_colon = re.compile(rb'"\s+:').search


class WrittenDecimal(Decimal):
    """A number that Python would write in another way than it came (`1e5`, `0.0000001`); it keeps its text."""

    text: str


def number(text: str) -> Decimal:
    """A number as it is written, which `encode` writes so again."""
    plain = Decimal(text)
    if str(plain) == text:
        return plain
    written = WrittenDecimal(text)
    written.text = text
    return written


def _written(value: Any) -> msgspec.Raw:
    if isinstance(value, WrittenDecimal):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"{type(value).__name__} is not a value of JSON")


_decode = msgspec.json.Decoder(float_hook=number).decode
_encode = msgspec.json.Encoder(decimal_format="number", enc_hook=_written).encode


class MalformedJson(ValueError):
    """Bytes that are not FHIR JSON. `line` and `column` count from 1; both 0 where no place can be named."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"{message} (line {line}, column {column})" if line else message)
        self.line, self.column = line, column


def escaped(found: re.Match[str]) -> str:
    """For `re.sub`: one character as the escape that JSON may write in its place."""
    return f"\\u{ord(found[0]):04x}"


def decode(body: bytes) -> Any:
    """The value of a JSON text; numbers with a fraction or exponent are Decimal.

    MalformedJson names the place, or says that it is nested deeper than MAX_DEPTH.
    """
    if body.startswith(_BYTE_ORDER_MARK):
        body = body[3:]
    try:
        value = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as problem:
        raise _explained(body, problem) from None
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and is_too_deep(value):
        raise MalformedJson(f"The JSON is nested deeper than {MAX_DEPTH} levels")
    return value


def decode_object(body: bytes) -> dict[str, Any]:
    """As `decode`, for one object without names that stand twice in an object."""
    value = decode(body)
    if not isinstance(value, dict):
        raise MalformedJson(f"Expected a JSON object, found {_kind(value)}", 1, 1)
    # Counting names is quick, and right for nearly every text; only where the counts differ is it read again.
    if _space_before_colon(body) or _names(body) != _names(_encode(value)):
        _refuse_duplicates(body)
    return value


def encode(value: Any) -> bytes:
    """Compact JSON in UTF-8, keys in their order, decimals as they were."""
    return _encode(value)


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
    except ValueError:
        return MalformedJson(f"A whole number has more than {sys.get_int_max_str_digits()} digits")
    return MalformedJson(str(problem))


def _kind(value: Any) -> str:
    names = {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}
    return names.get(type(value), "a number")


def is_too_deep(value: Any) -> bool:
    """Whether objects and arrays nest deeper than MAX_DEPTH, without recursion: level by level. Such a value could be written, but not
    be read again."""
    nodes = [value]
    for _ in range(MAX_DEPTH):
        inner = [node.values() if type(node) is dict else node for node in nodes]
        nodes = [one for values in inner for one in values if type(one) is dict or type(one) is list]
        if not nodes:
            return False
    return True


def _names(text: bytes) -> int:
    """How many names the objects of a JSON text without spaces before colons have together."""
    return text.count(b'":') - text.count(b'\\":')


def _refuse_duplicates(body: bytes) -> None:
    def checked(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
            raise MalformedJson(f"An object has the name {twice!r} more than once")
        return found

    json.loads(body.removeprefix(_BYTE_ORDER_MARK), object_pairs_hook=checked)
