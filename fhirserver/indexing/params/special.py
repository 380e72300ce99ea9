"""special: the members of a List, for `_list`, and the position of a Location, for `near`.

https://hl7.org/fhir/R4/search.html#list, https://hl7.org/fhir/R4/location.html#search

`_text` and `_content` are indexed apart (search/fulltext.py); `_id` and `_lastUpdated` are columns of the resource.
"""

from math import cos, radians, sin
from typing import Any

from fhirserver.indexing.builder import Builder
from fhirserver.indexing.keys import NUMBER
from fhirserver.indexing.params.reference import pointer_of
from fhirserver.rows import QuantityRow, ReferenceRow, param_code

LIST_MEMBERS = param_code("List", "_list")
POSITION = tuple(param_code("Location", f"near:{axis}") for axis in "xyz")
"""Where the three coordinates of a position on the unit sphere lie: distances need no trigonometry, no pole and no date line."""


def index_list(into: Builder, resource: dict[str, Any]) -> None:
    for entry in resource.get("entry", ()):
        pointer = pointer_of(entry.get("item", {}).get("reference", "").removeprefix(into.within.base))
        if pointer is not None and not entry.get("deleted"):
            into.references.add(ReferenceRow(LIST_MEMBERS, pointer.target))


def point(latitude: float, longitude: float) -> tuple[float, float, float]:
    """Degrees to a place on the unit sphere."""
    up, along = radians(latitude), radians(longitude)
    return cos(up) * cos(along), cos(up) * sin(along), sin(up)


def index_position(into: Builder, resource: dict[str, Any]) -> None:
    position = resource["position"]
    if "latitude" in position and "longitude" in position:
        at = point(float(position["latitude"]), float(position["longitude"]))
        into.quantities.update(
            [QuantityRow(param, NUMBER, one, one) for param, one in zip(POSITION, at, strict=True)]
        )
