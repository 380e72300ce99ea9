"""Dates and times of parameters such as `_since`, `_at`, `start` and `end`, with the precision that they were given in."""

import re
from datetime import UTC, datetime, timedelta

from fhirserver.outcomes import BadRequest

_FORM = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def instant_range(name: str, text: str) -> tuple[int, int]:
    """From the first microsecond that the text may mean up to, and without, the one after the last. UTC without a zone.

    Raises BadRequest naming the parameter.
    """
    # A `+` that the client did not encode arrives as a space.
    found = _FORM.fullmatch(text.strip().replace(" ", "+"))
    if found is None:
        raise BadRequest(f"{name} is not a FHIR date or time: {text}")
    try:
        low, high = _range(found)
        return (low - _EPOCH) // _MICROSECOND, (high - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        raise BadRequest(f"{name} is not a date of the calendar: {text}") from None


def _range(found: re.Match[str]) -> tuple[datetime, datetime]:
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    low = datetime(year, month or 1, day or 1, hour, minute, second, tzinfo=UTC)
    fraction = found.group(7)
    if fraction:
        micros = (fraction[1:] + "000000")[:6]
        low = low.replace(microsecond=int(micros))
        high = low + timedelta(microseconds=10 ** max(0, 7 - len(fraction)))
    elif found.group(6):
        high = low + timedelta(seconds=1)
    elif found.group(4):
        high = low + timedelta(minutes=1)
    elif day:
        high = low + timedelta(days=1)
    elif month:
        high = low.replace(year=year + month // 12, month=month % 12 + 1)
    else:
        high = low.replace(year=year + 1)
    shift = _offset(found.group(8))
    return low - shift, high - shift


def _offset(zone: str | None) -> timedelta:
    if not zone or zone == "Z":
        return timedelta()
    sign = -1 if zone[0] == "-" else 1
    return sign * timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
