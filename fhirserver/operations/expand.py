"""$expand: the codes of a value set. https://hl7.org/fhir/R4/valueset-operation-expand.html"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.instants import instant
from fhirserver.numbers import whole_number
from fhirserver.operations.asked_codes import (
    AS_IT_IS_NOW,
    WITHOUT_CONTEXT,
    codes_of,
    display_in,
    require_possible,
    value_set_of,
)
from fhirserver.operations.parameters import Asked
from fhirserver.outcomes import LimitExceeded
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
    "designation": "String",
    "activeOnly": "Boolean",
    "excludeNested": "Boolean",
    "excludeNotForUI": "Boolean",
    "excludePostCoordinated": "Boolean",
    "displayLanguage": "Code",
    "exclude-system": "Uri",
    "system-version": "Uri",
    "check-system-version": "Uri",
    "force-system-version": "Uri",
}
NOT_TAKEN = {"context": WITHOUT_CONTEXT, "contextDirection": WITHOUT_CONTEXT, "date": AS_IT_IS_NOW}
_LANGUAGES = "urn:ietf:bcp:47"


def expand(request: FhirRequest, store: Store) -> FhirResponse:
    asked = Asked(request)
    require_possible(store, asked, NOT_TAKEN)
    value_set = value_set_of(request, store, asked)
    found = [one for one in codes_of(store, value_set) if _is_wanted(asked, one)]
    offset, count = asked.number("offset", 0) or 0, asked.number("count", None)
    if count is None and len(found) - offset > MAX_EXPANSION:
        raise LimitExceeded(
            f"The value set has {len(found)} codes, and one answer at most {MAX_EXPANSION} (MAX_EXPANSION): "
            "ask for a part by filter, or for pages by count and offset."
        )
    end = offset + min(MAX_EXPANSION if count is None else count, MAX_EXPANSION)
    page = [_contained(asked, one) for one in found[offset:end]]
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
    if asked.flag("excludeNotForUI") and one.is_abstract:
        return False
    return one.system not in {
        str(system).partition("|")[0] for system in asked.values.get("exclude-system", ())
    }


def _repeated(asked: Asked) -> dict[str, Any]:
    """The parameters that were used, as the expansion has to name them."""
    used = [
        {"name": name, f"value{kind}": _typed(name, kind, str(value))}
        for name, kind in PARAMETERS.items()
        for value in asked.values.get(name, ())
    ]
    return {"parameter": used} if used else {}


def _typed(name: str, kind: str, text: str) -> str | int | bool:
    if kind == "Integer":
        return whole_number(name, text)
    return text.lower() == "true" if kind == "Boolean" else text


def _contained(asked: Asked, one: Code) -> dict[str, Any]:
    made: dict[str, Any] = {"system": one.system} if one.system else {}
    if one.is_abstract:
        made["abstract"] = True
    if one.is_inactive:
        made["inactive"] = True
    made["code"] = one.code
    if display := display_in(asked.text("displayLanguage"), one.display, one.designations):
        made["display"] = display
    if designations := _designations(asked, one):
        made["designation"] = designations
    return made


def _designations(asked: Asked, one: Code) -> list[dict[str, Any]]:
    """All, or those of the languages (`urn:ietf:bcp:47|de`) and uses that `designation` names."""
    chosen = {str(value) for value in asked.values.get("designation", ())}
    if not chosen:
        return list(one.designations) if asked.flag("includeDesignations") else []
    return [each for each in one.designations if chosen & set(_tokens(each))]


def _tokens(designation: dict[str, Any]) -> Iterator[str]:
    if "language" in designation:
        yield f"{_LANGUAGES}|{designation['language']}"
    if "use" in designation:
        yield f"{designation['use'].get('system', '')}|{designation['use'].get('code', '')}"
