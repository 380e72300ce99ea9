"""Dates and times: of parameters such as `_since`, `_at`, `start` and `end`, with the precision that they were given in, and as the
server writes them."""

import re
from calendar import isleap, monthrange
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Final

from fhirserver.outcomes import BadRequest

_FORM = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?", re.ASCII
)
_EPOCH: Final = date(1970, 1, 1).toordinal()
_SECOND: Final = 1_000_000
_MINUTE: Final = 60 * _SECOND
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_LAST_OFFSET: Final = 14 * _HOUR


def instant(updated: int) -> str:
    """Microseconds since 1970 as a FHIR instant of millisecond precision."""
    seconds, micros = divmod(updated, 1_000_000)
    return f"{_second(seconds)}.{micros // 1000:03d}Z"


@lru_cache(maxsize=256)
def _second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def instant_range(name: str, text: str) -> tuple[int, int]:
    """From the first microsecond that the text may mean up to, and without, the one after the last. UTC without a zone.

    Raises BadRequest naming the parameter.
    """
    # A `+` that the client did not encode arrives as a space.
    found = _FORM.fullmatch(text.strip().replace(" ", "+"))
    if found is None:
        raise BadRequest(f"{name} is not a FHIR date or time: {text}")
    try:
        return _range(found)
    except ValueError:
        raise BadRequest(f"{name} is not a date of the calendar: {text}") from None


def _range(found: re.Match[str]) -> tuple[int, int]:
    # In whole numbers: the year 9999, the usual end of what has none, ends behind the last moment that a datetime can be.
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    first = date(year, 1 if found[2] is None else month, 1 if found[3] is None else day)
    # FHIR allows :60; a leap second has the number of the second after it, as in POSIX.
    if hour > 23 or minute > 59 or second > 60:
        raise ValueError("not a time of day")
    micros = int((found[7] or ".")[1:7].ljust(6, "0"))
    low = (first.toordinal() - _EPOCH) * _DAY + hour * _HOUR + minute * _MINUTE + second * _SECOND + micros
    low -= _offset(found[8])
    return low, low + _length(found, first)


def _length(found: re.Match[str], first: date) -> int:
    """How long the last part that is told lasts."""
    if found[7]:
        return int(10 ** max(0, 7 - len(found[7])))
    if found[6]:
        return _SECOND
    if found[4]:
        return _MINUTE
    if found[3]:
        return _DAY
    if found[2]:
        return monthrange(first.year, first.month)[1] * _DAY
    return (365 + isleap(first.year)) * _DAY


def _offset(zone: str | None) -> int:
    if not zone or zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    offset = hours * _HOUR + minutes * _MINUTE
    if minutes > 59 or offset > _LAST_OFFSET:
        raise ValueError("not a time zone")
    return -offset if zone[0] == "-" else offset
