"""The values of R4's primitive types: https://hl7.org/fhir/R4/datatypes.html#primitive

The patterns are those of the specification, written so that no text can make them slow.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

Check = Callable[[Any], bool]

_ZONE = r"(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"
_CLOCK = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
_DAY = r"(0[1-9]|[12]\d|3[01])"
_YEAR = r"(?!0000)\d{4}"
_MONTH = r"(0[1-9]|1[0-2])"
# Neither FHIR's strings nor XML can have these.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WORD = r"[^\s\x00-\x1f\ud800-\udfff\ufffe\uffff]+"
# White space is that of XML Schema: a no-break space is a character like any other.
_code = re.compile(rf"{_WORD}(\s{_WORD})*", re.ASCII).fullmatch
_uri = re.compile(_WORD, re.ASCII).fullmatch
_id = re.compile(r"[A-Za-z0-9\-.]{1,64}").fullmatch
_oid = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+").fullmatch
_uuid = re.compile(r"urn:uuid:[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch
_date = re.compile(rf"{_YEAR}(-{_MONTH}(-{_DAY})?)?", re.ASCII).fullmatch
_date_time = re.compile(rf"{_YEAR}(-{_MONTH}(-{_DAY}(T{_CLOCK}{_ZONE})?)?)?", re.ASCII).fullmatch
_instant = re.compile(rf"{_YEAR}-{_MONTH}-{_DAY}T{_CLOCK}{_ZONE}", re.ASCII).fullmatch
_time = re.compile(_CLOCK, re.ASCII).fullmatch
_base64 = re.compile(r"[A-Za-z0-9+/\s]*(=\s*){0,2}").fullmatch
_space = re.compile(r"\s+")

_INT_MAX = 2**31 - 1
LONGEST_TEXT = 1024 * 1024
"""Characters: https://hl7.org/fhir/R4/datatypes.html#string"""


def _is_string(value: Any) -> bool:
    return (
        type(value) is str
        and 0 < len(value) <= LONGEST_TEXT
        and (value.isprintable() or not _CONTROL.search(value))
    )


def _is_uri(value: Any) -> bool:
    return type(value) is str and _uri(value) is not None


def _is_boolean(value: Any) -> bool:
    return value is True or value is False


def _is_integer(value: Any) -> bool:
    return type(value) is int and -_INT_MAX - 1 <= value <= _INT_MAX


def _is_unsigned(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _INT_MAX


def _is_positive(value: Any) -> bool:
    return type(value) is int and 1 <= value <= _INT_MAX


def _is_decimal(value: Any) -> bool:
    return isinstance(value, int | Decimal | float) and type(value) is not bool


def _day_exists(text: str) -> bool:
    if text[8:10] <= "28":
        return True
    try:
        date(int(text[:4]), int(text[5:7]), int(text[8:10]))
    except ValueError:
        return False
    return True


def _of_pattern(fullmatch: Callable[[str], Any]) -> Check:
    return lambda value: type(value) is str and fullmatch(value) is not None


def _of_day(fullmatch: Callable[[str], Any]) -> Check:
    return lambda value: type(value) is str and fullmatch(value) is not None and _day_exists(value)


def _is_base64(value: Any) -> bool:
    if type(value) is not str or value == "" or not _base64(value):
        return False
    return len(_space.sub("", value)) % 4 == 0


class Primitive(NamedTuple):
    """`expected` completes "Expected …" for people; `json_type` is what JSON calls the value."""

    check: Check
    json_type: str
    expected: str


_TEXT = f"text that is not empty, has no control characters and at most {LONGEST_TEXT:,} characters"
_POINT = "a date and time with seconds and time zone, such as 2024-05-01T09:30:00Z"
PRIMITIVES: dict[str, Primitive] = {
    "string": Primitive(_is_string, "string", _TEXT),
    "markdown": Primitive(_is_string, "string", _TEXT),
    "code": Primitive(_of_pattern(_code), "string", "a code: no space at its ends, single ones inside"),
    "id": Primitive(_of_pattern(_id), "string", "an id: 1 to 64 of letters, digits, - and ."),
    "uri": Primitive(_is_uri, "string", "a URI without spaces"),
    "url": Primitive(_is_uri, "string", "a URL without spaces"),
    "canonical": Primitive(_is_uri, "string", "a canonical URL without spaces"),
    "oid": Primitive(_of_pattern(_oid), "string", "an OID such as urn:oid:1.2.3"),
    "uuid": Primitive(
        _of_pattern(_uuid), "string", "a UUID such as urn:uuid:c757873d-ec9a-4326-a141-556f43239520"
    ),
    "boolean": Primitive(_is_boolean, "boolean", "true or false"),
    "integer": Primitive(_is_integer, "number", "a whole number of at most 32 bits"),
    "unsignedInt": Primitive(_is_unsigned, "number", "a whole number, 0 or more"),
    "positiveInt": Primitive(_is_positive, "number", "a whole number, 1 or more"),
    "decimal": Primitive(_is_decimal, "number", "a number"),
    "date": Primitive(_of_day(_date), "string", "a date that exists: YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": Primitive(_of_day(_date_time), "string", f"a date (YYYY, YYYY-MM, YYYY-MM-DD) or {_POINT}"),
    "instant": Primitive(_of_day(_instant), "string", _POINT),
    "time": Primitive(_of_pattern(_time), "string", "a time with seconds, such as 09:30:00"),
    "base64Binary": Primitive(_is_base64, "string", "base64 text"),
}

_JSON_TYPES = {dict: "object", list: "array", str: "string", type(None): "null", bool: "boolean"}


def json_type(value: Any) -> str:
    """What JSON calls a value: `object`, `array`, `string`, `number`, `boolean` or `null`."""
    return _JSON_TYPES.get(type(value), "number")
