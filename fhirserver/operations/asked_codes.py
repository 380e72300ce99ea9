"""What the terminology operations share: the value set, the code system and the codes that a call is about.

https://hl7.org/fhir/R4/terminology-service.html
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fhirserver.authorise import require
from fhirserver.http import FhirRequest
from fhirserver.interactions.read import readable
from fhirserver.operations.parameters import Asked
from fhirserver.outcomes import BadRequest, NotFound, NotSupported, Unprocessable
from fhirserver.search.canonicals import terminology_of
from fhirserver.store import Store
from fhirserver.writing import require_valid
from fhirspec import json
from fhirspec.terminology import (
    CannotExpand,
    Code,
    CodeTable,
    Terminology,
    UnknownCodeSystem,
    UnknownValueSet,
)

# Each says with `system|version` which version of a code system is to be used; of each there is one.
SYSTEM_VERSIONS = ("system-version", "check-system-version", "force-system-version")
AS_IT_IS_NOW = "only the definitions of today are here"
WITHOUT_CONTEXT = "elements and their bindings are not looked up; name the value set by url"


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
        # What is sent to be used once need not say how far its making has come.
        require_valid({"status": "active", **given, "resourceType": "ValueSet"})
        return dict(given)
    url, _, named = (asked.text("url") or "").partition("|")
    version = asked.text("valueSetVersion") or named
    if not url:
        raise BadRequest("Name the value set: by its id in the address, by url, or send it as valueSet.")
    require(store.grant, "ValueSet", "r")
    try:
        found = dict(terminology(store).value_set(f"{url}|{version}" if version else url))
    except UnknownValueSet as error:
        raise NotFound(f"{error}.") from error
    if version and found.get("version") != version:
        raise NotFound(f"The value set {url} is known here in version {found.get('version')}, not {version}.")
    return found


def require_possible(store: Store, asked: Asked, not_taken: Mapping[str, str]) -> None:
    """Refuse what would change the answer and cannot be honoured. `not_taken`: names of parameters, each with the reason. Raises FhirError."""
    for name in asked.values:
        if name in not_taken:
            raise NotSupported(f"{name} is not supported: {not_taken[name]}.")
    for name in SYSTEM_VERSIONS:
        for one in asked.values.get(name, ()):
            system, _, version = str(one).partition("|")
            _require_version(_table(store, system), version)


def _table(store: Store, system: str) -> CodeTable:
    try:
        return terminology(store).code_table(system)
    except UnknownCodeSystem as error:
        raise NotFound(f"{error}.") from error


def _require_version(table: CodeTable, version: str | None) -> None:
    if version and table.version != version:
        raise NotFound(
            f"The code system {table.system} is known here in version {table.version}, not {version}."
        )


def display_in(language: str | None, display: str, designations: Iterable[Mapping[str, Any]]) -> str:
    """How a concept is called in a language (`de`, `de-CH`), else the display that it has in its own."""
    wanted = (language or "").lower()
    if not wanted:
        return display
    known = {str(one["language"]).lower(): str(one["value"]) for one in designations if "language" in one}
    return known.get(wanted) or known.get(wanted.partition("-")[0]) or display


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
    table = _table(store, str(system))
    _require_version(table, asked.text("version") or str(system).partition("|")[2])
    return table
