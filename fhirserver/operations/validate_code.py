"""$validate-code: is a code in a value set, or does a code system have it?

https://hl7.org/fhir/R4/valueset-operation-validate-code.html, https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
"""

from typing import Any

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.operations.asked_codes import (
    AS_IT_IS_NOW,
    WITHOUT_CONTEXT,
    code_table_of,
    codes_of,
    codings_of,
    display_in,
    require_possible,
    value_set_of,
)
from fhirserver.operations.parameters import Asked, parameters_response
from fhirserver.store import Store
from fhirspec.terminology import Code

NOT_TAKEN = {"context": WITHOUT_CONTEXT, "date": AS_IT_IS_NOW}


def validate_code(request: FhirRequest, store: Store) -> FhirResponse:
    """Of several codes the first that is known decides."""
    asked = Asked(request)
    require_possible(store, asked, NOT_TAKEN)
    codings = codings_of(asked)
    if request.resource_type == "CodeSystem":
        known = [_in_system(request, store, asked, coding) for coding in codings]
    else:
        codes = {(one.system, one.code): one for one in codes_of(store, value_set_of(request, store, asked))}
        known = [_among(codes, coding) for coding in codings]
    for code, coding in zip(known, codings, strict=True):
        if code is not None:
            return _verdict(asked, code, coding.get("display"))
    named = ", ".join(_named(one) for one in codings)
    return _answer(False, f"{named} is not among the codes.")


def _named(coding: dict[str, Any]) -> str:
    system = coding.get("system")
    return f"{system}|{coding.get('code')}" if system else f"The code {coding.get('code')}"


def _among(codes: dict[tuple[str, str], Code], coding: dict[str, Any]) -> Code | None:
    system, code = coding.get("system"), str(coding.get("code"))
    if system:
        return codes.get((system, code))
    return next((one for one in codes.values() if one.code == code), None)


def _in_system(request: FhirRequest, store: Store, asked: Asked, coding: dict[str, Any]) -> Code | None:
    system = coding.get("system")
    table = code_table_of(request, store, asked, system)
    if system and table.system and system != table.system:
        return None
    concept = table.find(str(coding.get("code")))
    if concept is None:
        return None
    return Code(
        table.system,
        concept.code,
        concept.display,
        concept.is_abstract,
        concept.is_inactive,
        concept.designations,
    )


def _verdict(asked: Asked, code: Code, display: str | None) -> FhirResponse:
    shown = display_in(asked.text("displayLanguage"), code.display, code.designations)
    if code.is_abstract and not asked.flag("abstract"):
        return _answer(False, f"{code.code} is abstract: it groups other codes and stands for none.", shown)
    known = {name.casefold() for name in (code.display, *(str(one["value"]) for one in code.designations))}
    if display and display.casefold() not in known:
        return _answer(False, f"The display of {code.code} is “{shown}”.", shown)
    return _answer(True, None, shown)


def _answer(result: bool, message: str | None, display: str = "") -> FhirResponse:
    response: FhirResponse = parameters_response(
        ("result", "valueBoolean", result),
        ("message", "valueString", message),
        ("display", "valueString", display or None),
    )
    return response
