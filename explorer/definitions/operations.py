"""The official OperationDefinitions as forms need them."""

from functools import lru_cache
from typing import Any

from explorer.building.fields import SearchParameterFacts
from explorer.building.interactions import SPECIFICATION
from explorer.building.operations import Definition, Definitions
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Operation

_FIELD_KINDS = {"date": "date", "dateTime": "date", "instant": "date", "boolean": "token", "code": "token"}


@lru_cache(maxsize=1)
def operation_definitions() -> Definitions:
    """By canonical URL, and by code where that is not ambiguous in what a form needs."""
    found: Definitions = {}
    for each in get_catalogue().operations:
        definition = _definition(each)
        found[str(each.definition.get("url", ""))] = definition
        found.setdefault(each.code, definition)
    return found


def _definition(each: Operation) -> Definition:
    place = each.resources[0].lower() if each.resources else "resource"
    page = (
        f"{place}-operation-{each.code}.html"
        if place != "resource"
        else f"resource-operation-{each.code}.html"
    )
    return Definition(
        code=each.code,
        title=str(each.definition.get("name", each.code)),
        summary=_first_sentence(str(each.definition.get("description", ""))),
        link=SPECIFICATION + page,
        on_type=each.type,
        on_instance=each.instance,
        changes=each.affects_state,
        inputs=tuple(
            (str(p["name"]), str(p.get("type", "")), int(p.get("min", 0)), str(p.get("documentation", "")))
            for p in _parameters(each)
            if p.get("use") == "in"
        ),
    )


def _parameters(each: Operation) -> list[dict[str, Any]]:
    found = each.definition.get("parameter", [])
    return found if isinstance(found, list) else []


def _first_sentence(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ").partition(". ")[0].strip().rstrip(".")


def operation_inputs(code: str) -> list[SearchParameterFacts]:
    """The input parameters of an operation that fit into an address."""
    definition = operation_definitions().get(code)
    if definition is None:
        return []
    return [
        SearchParameterFacts(
            name,
            _FIELD_KINDS.get(kind, "string"),
            documentation,
            codes=(("true", ""), ("false", "")) if kind == "boolean" else (),
        )
        for name, kind, _, documentation in definition.inputs
        if kind[:1].islower()
    ]
