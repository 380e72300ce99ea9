"""What a primitive's JSON must look like. https://hl7.org/fhir/R4/datatypes.html#primitive

Each check takes the value and returns what is wrong with it, or an empty string.
"""

import base64
import binascii
import datetime
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from fhirspec.validation.narrative import fault_of_xhtml

Check = Callable[[Any], str]

_YEAR = r"([0-9]([0-9]([0-9][1-9]|[1-9]0)|[1-9]00)|[1-9]000)"
_DAY = r"(-(0[1-9]|1[0-2])(-(0[1-9]|[1-2][0-9]|3[0-1])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)(\.[0-9]+)?"
_ZONE = r"(Z|(\+|-)((0[0-9]|1[0-3]):[0-5][0-9]|14:00))"

_PATTERNS: dict[str, tuple[str, str]] = {
    "date": (rf"{_YEAR}{_DAY})?)?", "YYYY, YYYY-MM or YYYY-MM-DD"),
    "dateTime": (
        rf"{_YEAR}{_DAY}(T{_CLOCK}{_ZONE})?)?)?",
        "YYYY-MM-DD or YYYY-MM-DDThh:mm:ss with a time zone",
    ),
    "instant": (
        rf"{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[1-2][0-9]|3[0-1])T{_CLOCK}{_ZONE}",
        "YYYY-MM-DDThh:mm:ss with a time zone",
    ),
    "time": (_CLOCK, "hh:mm:ss"),
    "id": (r"[A-Za-z0-9\-.]{1,64}", "1 to 64 letters, digits, - and ."),
    "code": (r"[^\s]+(\s[^\s]+)*", "no leading, trailing or double spaces"),
    "oid": (r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+", "urn:oid: followed by numbers and dots"),
    "uuid": (
        r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "urn:uuid: in lower case",
    ),
    "uri": (r"\S+", "no spaces"),
    "url": (r"\S+", "no spaces"),
    "canonical": (r"\S+", "no spaces"),
}
_INTEGERS = {"integer": -(2**31), "unsignedInt": 0, "positiveInt": 1}
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_MAX_STRING = 1024 * 1024


def _pattern(name: str) -> Check:
    pattern, form = _PATTERNS[name]
    matches = re.compile(pattern).fullmatch

    def check(value: Any) -> str:
        if not isinstance(value, str):
            return f"must be a string ({name}), not {kind_of(value)}"
        return "" if matches(value) else f"{shown(value)} is not a valid {name}: {form}"

    return check


def _dated(name: str) -> Check:
    matches = _pattern(name)

    def check(value: Any) -> str:
        if fault := matches(value):
            return fault
        if len(value) >= 10:
            try:
                datetime.date.fromisoformat(value[:10])
            except ValueError:
                return f"{shown(value)} is not a day of the calendar"
        return ""

    return check


def _integer(name: str) -> Check:
    least = _INTEGERS[name]

    def check(value: Any) -> str:
        if type(value) is not int:
            return f"must be a whole number ({name}), not {kind_of(value)}"
        return "" if least <= value < 2**31 else f"{value} is out of range for {name}: {least} to {2**31 - 1}"

    return check


def _boolean(value: Any) -> str:
    return "" if isinstance(value, bool) else f"must be true or false, not {kind_of(value)}"


def _decimal(value: Any) -> str:
    if type(value) in (Decimal, int, float):
        return ""
    return f"must be a number, not {kind_of(value)}"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        return f"must be a string, not {kind_of(value)}"
    if not value.strip():
        return "must not be empty: leave the element out instead"
    if _CONTROL.search(value):
        return "has a control character that FHIR strings must not hold"
    return "" if len(value) <= _MAX_STRING else f"is longer than {_MAX_STRING} characters"


def _base64(value: Any) -> str:
    if not isinstance(value, str):
        return f"must be a string (base64), not {kind_of(value)}"
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return "is not valid base64"
    return "" if value else "must not be empty: leave the element out instead"


def _xhtml(value: Any) -> str:
    return (
        fault_of_xhtml(value) if isinstance(value, str) else f"must be a string (XHTML), not {kind_of(value)}"
    )


CHECKS: dict[str, Check] = {
    **{name: _pattern(name) for name in _PATTERNS if name not in ("date", "dateTime", "instant")},
    **{name: _dated(name) for name in ("date", "dateTime", "instant")},
    **{name: _integer(name) for name in _INTEGERS},
    "boolean": _boolean,
    "decimal": _decimal,
    "string": _text,
    "markdown": _text,
    "base64Binary": _base64,
    "xhtml": _xhtml,
}


def kind_of(value: Any) -> str:
    """A JSON value's kind in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case dict():
            return "an object"
        case list():
            return "an array"
    return "a number"


def shown(value: object) -> str:
    """A value as a message may show it: quoted, and cut when long."""
    text = str(value)
    return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"
