"""$expand: the codes of a value set. https://hl7.org/fhir/R4/valueset-operation-expand.html"""

from typing import Any
from uuid import uuid4

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.instants import instant
from fhirserver.operations.asked_codes import codes_of, value_set_of
from fhirserver.operations.parameters import Asked
from fhirserver.responses import json_response
from fhirserver.store import Store, now_us
from fhirspec import json
from fhirspec.terminology import Code

MAX_EXPANSION = 10_000
# Those that shape the answer, each with the type in which the answer repeats it.
PARAMETERS = {
    "url": "Uri",
    "valueSetVersion": "String",
    "filter": "String",
    "offset": "Integer",
    "count": "Integer",
    "includeDesignations": "Boolean",
    "includeDefinition": "Boolean",
    "activeOnly": "Boolean",
    "exclude-system": "Uri",
}


def expand(request: FhirRequest, store: Store) -> FhirResponse:
    asked = Asked(request)
    value_set = value_set_of(request, store, asked)
    found = [one for one in codes_of(store, value_set) if _is_wanted(asked, one)]
    offset = asked.number("offset", 0) or 0
    count = min(asked.number("count", MAX_EXPANSION) or 0, MAX_EXPANSION)
    page = [_contained(one, asked.flag("includeDesignations")) for one in found[offset : offset + count]]
    value_set["expansion"] = {
        "identifier": f"urn:uuid:{uuid4()}",
        "timestamp": instant(now_us()),
        "total": len(found),
        "offset": offset,
        **_repeated(asked),
        **({"contains": page} if page else {}),
    }
    if not asked.flag("includeDefinition"):
        value_set.pop("compose", None)
    return json_response(json.encode(value_set))


def _is_wanted(asked: Asked, one: Code) -> bool:
    wanted = (asked.text("filter") or "").casefold()
    if wanted and wanted not in one.display.casefold() and wanted not in one.code.casefold():
        return False
    if asked.flag("activeOnly") and one.is_inactive:
        return False
    return one.system not in {
        str(system).partition("|")[0] for system in asked.values.get("exclude-system", ())
    }


def _repeated(asked: Asked) -> dict[str, Any]:
    """The parameters that were used, as the expansion has to name them."""
    used = [
        {"name": name, f"value{kind}": _typed(kind, str(value))}
        for name, kind in PARAMETERS.items()
        for value in asked.values.get(name, ())
    ]
    return {"parameter": used} if used else {}


def _typed(kind: str, text: str) -> str | int | bool:
    if kind == "Integer":
        return int(text)
    return text.lower() == "true" if kind == "Boolean" else text


def _contained(one: Code, with_designations: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"system": one.system} if one.system else {}
    if one.is_abstract:
        made["abstract"] = True
    if one.is_inactive:
        made["inactive"] = True
    made["code"] = one.code
    if one.display:
        made["display"] = one.display
    if with_designations and one.designations:
        made["designation"] = list(one.designations)
    return made
