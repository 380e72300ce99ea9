"""`near`: places within a distance of a position, as the crow flies on a sphere of the earth's mean radius.

https://hl7.org/fhir/R4/location.html#search
"""

from math import cos, sin

from fhirserver.indexing.keys import NUMBER
from fhirserver.indexing.params import special
from fhirserver.indexing.ucum import canonical
from fhirserver.outcomes import BadRequest
from fhirserver.search.ast import Amount, And, Near, Node
from fhirserver.search.parse import split, unescaped

_FORM = "latitude|longitude|distance|units"
_RADIUS = 6_371_008.8
_HALF_WAY_ROUND = 3.141592653589793
_DEFAULT_METRES = 50_000.0
"""The specification leaves it to the server what is near when no distance is given."""
_UNITS = {"": 1000.0, "mi": 1609.344}


def near(value: str) -> Node:
    """Raises BadRequest naming the part that is wrong."""
    parts = [unescaped(part).strip() for part in split(value, "|")]
    if len(parts) not in (2, 3, 4):
        raise BadRequest(f"near={value} is not of the form {_FORM}; distance and units may be left out.")
    latitude = _number(value, parts[0], "latitude", -90, 90)
    longitude = _number(value, parts[1], "longitude", -180, 180)
    metres = _DEFAULT_METRES
    if len(parts) > 2 and parts[2]:
        metres = _number(value, parts[2], "distance", 0, 1e9) * _metres(value, "".join(parts[3:]))
    angle = min(metres / _RADIUS, _HALF_WAY_ROUND)
    point = special.point(latitude, longitude)
    # All within the angle is within this much of the point on each axis: what an index can list.
    reach = 2 * sin(angle / 2) + 1e-12
    boxes = [
        Amount(param, NUMBER, "ap", one, one - reach, one + reach)
        for param, one in zip(special.POSITION, point, strict=True)
    ]
    # A place whose own digits are rounded is still at a distance of nothing from itself.
    return And((*boxes, Near(special.POSITION, point, cos(angle) - 1e-15)))


def _number(value: str, text: str, what: str, low: float, high: float) -> float:
    try:
        number = float(text)
    except ValueError:
        raise BadRequest(f"near={value}: the {what} {text} is not a number ({_FORM}).") from None
    if not low <= number <= high:
        raise BadRequest(f"near={value}: the {what} is not between {low:g} and {high:g}.")
    return number


def _metres(value: str, unit: str) -> float:
    if unit in _UNITS:
        return _UNITS[unit]
    base = canonical(unit)
    if base is None or base.unit != "m":
        raise BadRequest(
            f"near={value}: {unit} is not a unit of length; use a UCUM unit such as km, m or [mi_i]."
        )
    return float(base.factor)
