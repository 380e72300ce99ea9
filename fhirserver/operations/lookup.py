"""$lookup: what a code means. https://hl7.org/fhir/R4/codesystem-operation-lookup.html"""

from collections.abc import Iterator
from typing import Any

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.operations.asked_codes import (
    AS_IT_IS_NOW,
    code_table_of,
    codings_of,
    display_in,
    require_possible,
)
from fhirserver.operations.parameters import Asked
from fhirserver.outcomes import BadRequest, NotFound
from fhirserver.responses import json_response
from fhirserver.store import Store
from fhirspec import json
from fhirspec.terminology import CodeTable, Concept

Json = dict[str, Any]
NOT_TAKEN = {"date": AS_IT_IS_NOW}
_KINDS = {bool: "valueBoolean", int: "valueInteger", str: "valueString", dict: "valueCoding"}


def lookup(request: FhirRequest, store: Store) -> FhirResponse:
    asked = Asked(request)
    require_possible(store, asked, NOT_TAKEN)
    coding = codings_of(asked)[0]
    if not coding.get("system"):
        raise BadRequest("The parameter system is missing.")
    table = code_table_of(request, store, asked, coding["system"])
    concept = table.find(str(coding.get("code")))
    if concept is None:
        raise NotFound(f"The code system {table.system} has no code {coding.get('code')}.")
    wanted = set(asked.texts("property"))
    parameters = [
        one
        for one in _said(table, concept, asked.text("displayLanguage"))
        if not wanted or one["name"] in {"name", "display", *wanted}
    ]
    parameters += [
        {"name": "property", "part": [{"name": "code", "valueCode": name}, {"name": "value", **value}]}
        for name, value in _properties(concept)
        if not wanted or name in wanted
    ]
    return json_response(json.encode({"resourceType": "Parameters", "parameter": parameters}))


def _said(table: CodeTable, concept: Concept, language: str | None) -> Iterator[Json]:
    yield {"name": "name", "valueString": table.name}
    if table.version:
        yield {"name": "version", "valueString": table.version}
    display = display_in(language, concept.display, concept.designations)
    yield {"name": "display", "valueString": display or concept.code}
    if concept.definition:
        yield {"name": "definition", "valueString": concept.definition}
    for one in concept.designations:
        kinds = (("language", "valueCode"), ("use", "valueCoding"), ("value", "valueString"))
        parts = [{"name": name, kind: one[name]} for name, kind in kinds if name in one]
        yield {"name": "designation", "part": parts}


def _properties(concept: Concept) -> Iterator[tuple[str, Json]]:
    """The concept's own properties, and its place in the hierarchy."""
    for name, codes in (("parent", concept.parents), ("child", concept.children)):
        yield from ((name, {"valueCode": code}) for code in codes)
    for name, values in concept.properties.items():
        if name not in ("parent", "child"):
            yield from ((name, {_KINDS.get(type(one), "valueDecimal"): one}) for one in values)
