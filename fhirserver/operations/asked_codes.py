"""What the terminology operations share: the value set, the code system and the codes that a call is about.

https://hl7.org/fhir/R4/terminology-service.html
"""

from typing import Any

from fhirserver.authorise import require
from fhirserver.http import FhirRequest
from fhirserver.interactions.read import readable
from fhirserver.operations.parameters import Asked
from fhirserver.outcomes import BadRequest, NotFound, Unprocessable
from fhirserver.search.canonicals import terminology_of
from fhirserver.store import Store
from fhirspec import json
from fhirspec.terminology import (
    CannotExpand,
    Code,
    CodeTable,
    Terminology,
    UnknownCodeSystem,
    UnknownValueSet,
)


def terminology(store: Store) -> Terminology:
    """The catalogue, and before it what is stored here and the caller may read."""
    return terminology_of(store.partition, store.grant)


def value_set_of(request: FhirRequest, store: Store, asked: Asked) -> dict[str, Any]:
    """By the id of the address, as valueSet, or by url and valueSetVersion. Raises BadRequest, NotFound."""
    if request.logical_id:
        stored = readable(store, "ValueSet", request.logical_id)
        return dict(json.decode(stored.content or b"{}"))
    given = asked.object("valueSet") or (asked.resource if request.resource_type == "ValueSet" else None)
    if given is not None:
        return dict(given)
    url, version = asked.text("url"), asked.text("valueSetVersion")
    if not url:
        raise BadRequest("Name the value set: by its id in the address, by url, or send it as valueSet.")
    require(store.grant, "ValueSet", "r")
    canonical = f"{url}|{version}" if version and "|" not in url else url
    try:
        found = dict(terminology(store).value_set(canonical))
    except UnknownValueSet as error:
        raise NotFound(f"{error}.") from error
    if version and found.get("version") != version:
        raise NotFound(f"The value set {url} is known here in version {found.get('version')}, not {version}.")
    return found


def codes_of(store: Store, value_set: dict[str, Any]) -> list[Code]:
    """Raises Unprocessable with the reason why they cannot be listed."""
    try:
        return list(terminology(store).codes_of(value_set))
    except CannotExpand as error:
        raise Unprocessable(f"{error}.") from error


def codings_of(asked: Asked) -> list[dict[str, Any]]:
    """The codes that are asked about: one, or the several of a codeableConcept. Raises BadRequest."""
    coding, concept = asked.object("coding"), asked.object("codeableConcept")
    if coding is not None:
        return [coding]
    if concept is not None and concept.get("coding"):
        return list(concept["coding"])
    code = asked.text("code")
    if not code:
        raise BadRequest("Name the code: by code and system, as coding, or as codeableConcept.")
    return [{"system": asked.text("system"), "code": code, "display": asked.text("display")}]


def code_table_of(request: FhirRequest, store: Store, asked: Asked, system: str | None) -> CodeTable:
    """By the id of the address, as codeSystem, by url, or else the one named. Raises BadRequest, NotFound."""
    given = asked.object("codeSystem")
    if request.logical_id:
        given = json.decode(readable(store, "CodeSystem", request.logical_id).content or b"{}")
    if given is not None:
        return CodeTable(given)
    system = system or asked.text("url") or asked.text("system")
    if not system:
        raise BadRequest(
            "Name the code system: by its id in the address, by url or system, in the coding, or send it as codeSystem."
        )
    require(store.grant, "CodeSystem", "r")
    try:
        table = terminology(store).code_table(str(system))
    except UnknownCodeSystem as error:
        raise NotFound(f"{error}.") from error
    version = asked.text("version")
    if version and table.version != version:
        raise NotFound(f"The code system {system} is known here in version {table.version}, not {version}.")
    return table
