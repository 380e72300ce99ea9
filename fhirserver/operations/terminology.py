"""$expand, $validate-code and $lookup over the catalogue and over the ValueSets and CodeSystems that are stored here.

https://hl7.org/fhir/R4/terminology-service.html
"""

from typing import Any
from uuid import uuid4

from fhirserver.authorise import require
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.read import readable
from fhirserver.operations.parameters import Asked, parameters_response
from fhirserver.outcomes import BadRequest, NotFound, Unprocessable
from fhirserver.responses import instant, json_response
from fhirserver.search.canonicals import terminology_of
from fhirserver.store import Store, now_us
from fhirspec import json
from fhirspec.terminology import CannotExpand, Code, Terminology, UnknownCodeSystem, UnknownValueSet

MAX_EXPANSION = 10_000


def expand(request: FhirRequest, store: Store) -> FhirResponse:
    asked = Asked(request)
    value_set = _value_set(request, store, asked)
    found = _codes(store, value_set)
    wanted = (asked.text("filter") or "").casefold()
    if wanted:
        found = [one for one in found if wanted in one.display.casefold() or wanted in one.code.casefold()]
    if asked.flag("activeOnly"):
        found = [one for one in found if not one.is_inactive]
    offset = asked.number("offset", 0) or 0
    count = min(asked.number("count", MAX_EXPANSION) or 0, MAX_EXPANSION)
    value_set["expansion"] = {
        "identifier": f"urn:uuid:{uuid4()}",
        "timestamp": instant(now_us()),
        "total": len(found),
        "offset": offset,
        "contains": [_contained(one) for one in found[offset : offset + count]],
    }
    if not value_set["expansion"]["contains"]:
        del value_set["expansion"]["contains"]
    if not asked.flag("includeDefinition"):
        value_set.pop("compose", None)
    return json_response(json.encode(value_set))


def validate_code(request: FhirRequest, store: Store) -> FhirResponse:
    """On ValueSet: is the code in it? On CodeSystem: does the system have it?"""
    asked = Asked(request)
    codings = _codings(asked)
    if request.resource_type == "CodeSystem":
        known = [_in_system(request, store, asked, coding) for coding in codings]
    else:
        codes = {(one.system, one.code): one for one in _codes(store, _value_set(request, store, asked))}
        known = [_among(codes, coding) for coding in codings]
    for code, coding in zip(known, codings, strict=True):
        if code is not None:
            return _verdict(code, coding.get("display"))
    named = ", ".join(f"{one.get('system') or ''}|{one.get('code')}" for one in codings)
    response: FhirResponse = parameters_response(
        ("result", "valueBoolean", False), ("message", "valueString", f"{named} is not among the codes.")
    )
    return response


def lookup(request: FhirRequest, store: Store) -> FhirResponse:
    asked = Asked(request)
    coding = _codings(asked)[0]
    system = coding.get("system")
    if not system:
        raise BadRequest("The parameter system is missing.")
    try:
        table = _terminology(store).code_table(system)
    except UnknownCodeSystem as error:
        raise NotFound(str(error)) from error
    concept = table.find(str(coding.get("code")))
    if concept is None:
        raise NotFound(f"The code system {system} has no code {coding.get('code')}.")
    definition = getattr(concept, "definition", "") or None
    response: FhirResponse = parameters_response(
        ("name", "valueString", _name(store, system)),
        ("display", "valueString", concept.display or concept.code),
        ("definition", "valueString", definition),
    )
    return response


def _name(store: Store, system: str) -> str:
    found = _terminology(store).resource(system) or {}
    return str(found.get("title") or found.get("name") or system)


# -- what is asked about -------------------------------------------------------------------------------------


def _terminology(store: Store) -> Terminology:
    return terminology_of(store.partition, store.grant)


def _value_set(request: FhirRequest, store: Store, asked: Asked) -> dict[str, Any]:
    if request.logical_id:
        stored = readable(store, "ValueSet", request.logical_id)
        return dict(json.decode(stored.content or b"{}"))
    given = asked.object("valueSet") or (asked.resource if request.resource_type == "ValueSet" else None)
    if given is not None:
        return dict(given)
    url = asked.text("url")
    if not url:
        raise BadRequest("Name the value set: by its id in the address, by url, or send it as valueSet.")
    require(store.grant, "ValueSet", "r")
    try:
        return dict(_terminology(store).value_set(url))
    except UnknownValueSet as error:
        raise NotFound(str(error)) from error


def _codes(store: Store, value_set: dict[str, Any]) -> list[Code]:
    try:
        return list(_terminology(store).codes_of(value_set))
    except CannotExpand as error:
        raise Unprocessable(str(error)) from error


def _codings(asked: Asked) -> list[dict[str, Any]]:
    coding, concept = asked.object("coding"), asked.object("codeableConcept")
    if coding is not None:
        return [coding]
    if concept is not None and concept.get("coding"):
        return list(concept["coding"])
    code = asked.text("code")
    if not code:
        raise BadRequest("Name the code: by code and system, as coding, or as codeableConcept.")
    return [{"system": asked.text("system"), "code": code, "display": asked.text("display")}]


def _among(codes: dict[tuple[str, str], Code], coding: dict[str, Any]) -> Code | None:
    system, code = coding.get("system"), str(coding.get("code"))
    if system:
        return codes.get((system, code))
    return next((one for one in codes.values() if one.code == code), None)


def _in_system(request: FhirRequest, store: Store, asked: Asked, coding: dict[str, Any]) -> Code | None:
    system = coding.get("system") or asked.text("url")
    if request.logical_id:
        stored = readable(store, "CodeSystem", request.logical_id)
        system = json.decode(stored.content or b"{}").get("url")
    if not system:
        raise BadRequest("Name the code system: by its id in the address, by url, or in the coding.")
    try:
        concept = _terminology(store).code_table(str(system)).find(str(coding.get("code")))
    except UnknownCodeSystem as error:
        raise NotFound(str(error)) from error
    return None if concept is None else Code(str(system), concept.code, concept.display)


def _verdict(code: Code, display: str | None) -> FhirResponse:
    right = not display or display.casefold() == code.display.casefold()
    message = None if right else f"The display of {code.code} is “{code.display}”."
    response: FhirResponse = parameters_response(
        ("result", "valueBoolean", right),
        ("message", "valueString", message),
        ("display", "valueString", code.display or None),
    )
    return response


def _contained(one: Code) -> dict[str, Any]:
    made: dict[str, Any] = {"system": one.system} if one.system else {}
    if one.is_abstract:
        made["abstract"] = True
    if one.is_inactive:
        made["inactive"] = True
    made["code"] = one.code
    if one.display:
        made["display"] = one.display
    return made
