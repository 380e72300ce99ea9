"""What a kick-off request asks for, from its query or from a Parameters resource.

https://hl7.org/fhir/uv/bulkdata/STU2/export.html#query-parameters

What cannot be done is refused with its name; a client that says `Prefer: handling=lenient` has it ignored, and is told so in the
export's messages.
"""

import re
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from fhirserver.instants import instant_range
from fhirserver.operations.export import ExportRequest
from fhirserver.operations.export_reach import reached_types
from fhirserver.outcomes import BadRequest, FhirError
from fhirspec.catalogue import get_catalogue
from gateway.inbound import Inbound

FORMATS = frozenset({"application/fhir+ndjson", "application/ndjson", "ndjson"})
_KNOWN = frozenset(
    {"_outputFormat", "_since", "_until", "_type", "_typeFilter", "_elements", "patient", "_format"}
)
_CLOCKS_DIFFER_BY = 300  # seconds
_NEXT_FILTER = re.compile(r",(?=[A-Za-z]+\?)")
_PATIENT = re.compile(r"(?:\S*/)?Patient/([A-Za-z0-9\-.]{1,64})")
_LENIENT = re.compile(r"handling\s*=\s*\"?lenient")


class KickOff(NamedTuple):
    """`ignored`: what a lenient client asked for in vain, each with its reason."""

    export: ExportRequest
    ignored: tuple[str, ...]


RequireFilter = Callable[[str, str], None]
"""Raises FhirError for a resource type and a search that cannot be honoured."""


def read_kick_off(
    request: Inbound,
    parameters: dict[str, Any] | None,
    level: str,
    group: str,
    require_filter: RequireFilter,
) -> KickOff:
    """`parameters`: the resource of a POST. Raises FhirError."""
    return _Reader(request, parameters, level, group, require_filter).read()


class _Reader:
    def __init__(
        self,
        request: Inbound,
        parameters: dict[str, Any] | None,
        level: str,
        group: str,
        require_filter: RequireFilter,
    ) -> None:
        self.request, self.level, self.group = request, level, group
        self.require_filter = require_filter
        self.parameters: list[tuple[str, str]] = [*request.query(), *_in_body(parameters)]
        self.is_lenient = bool(_LENIENT.search(request.headers.get("prefer", "").lower()))
        self.ignored: list[str] = []

    def read(self) -> KickOff:
        self._require_format()
        for name in dict.fromkeys(name for name, _ in self.parameters if name not in _KNOWN):
            self._refuse(f"{name} is no parameter that this server's $export takes.")
        types = self._types()
        export = ExportRequest(
            level=self.level,
            group=self.group,
            types=types,
            since=self._since(),
            until=self._instant("_until"),
            type_filters=self._filters(types),
            elements=frozenset(self._listed("_elements")),
            patients=self._patients(),
        )
        return KickOff(export, tuple(self.ignored))

    def _refuse(self, text: str) -> None:
        if not self.is_lenient:
            raise BadRequest(f"{text} Leave it out, or send Prefer: handling=lenient to have it ignored.")
        self.ignored.append(text)

    def _texts(self, name: str) -> list[str]:
        return [text for key, text in self.parameters if key == name]

    def _listed(self, name: str) -> list[str]:
        return [part.strip() for text in self._texts(name) for part in text.split(",") if part.strip()]

    def _require_format(self) -> None:
        for text in self._texts("_outputFormat"):
            # A plus sign that was not escaped arrives as a blank.
            if text.replace(" ", "+") not in FORMATS:
                raise BadRequest(
                    "_outputFormat can be application/fhir+ndjson, application/ndjson or ndjson."
                )

    def _instant(self, name: str) -> int | None:
        """In microseconds; a plus sign of the time zone that was not escaped arrives as a blank."""
        found = self._texts(name)
        return instant_range(name, found[0].strip().replace(" ", "+"))[0] if found else None

    def _since(self) -> int | None:
        """A moment to come matches nothing: whoever asks for it has mistaken something, were it only the time zone."""
        since = self._instant("_since")
        if since is not None and since > (time.time() + _CLOCKS_DIFFER_BY) * 1_000_000:
            raise BadRequest("_since lies in the future: nothing can have changed after it.")
        return since

    def _types(self) -> tuple[str, ...]:
        known, within = get_catalogue().resource_type_set, reached_types()
        kept = []
        asked = self._listed("_type")
        for name in dict.fromkeys(asked):
            if name not in known:
                self._refuse(f"_type={name} is no resource type of FHIR R4.")
            elif self.level != "system" and name not in within:
                self._refuse(f"_type={name}: an export for patients holds none.")
            else:
                kept.append(name)
        if asked and not kept:
            raise BadRequest("_type: none of these types can be exported here.")
        return tuple(kept)

    def _filters(self, types: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """Queries by type. A comma parts two queries only where another type and a question mark follow."""
        filters: dict[str, list[str]] = {}
        for text in (part for given in self._texts("_typeFilter") for part in _NEXT_FILTER.split(given)):
            resource_type, mark, query = text.partition("?")
            if not mark or not query or resource_type not in get_catalogue().resource_type_set:
                self._refuse(f"_typeFilter is a type, “?” and a search, not “{text}”.")
            elif types and resource_type not in types:
                self._refuse(f"_typeFilter={text}: _type does not name {resource_type}.")
            elif not (fault := self._fault_of(resource_type, query)):
                filters.setdefault(resource_type, []).append(query)
            else:
                self._refuse(f"_typeFilter={text}: {fault}")
        return {name: tuple(queries) for name, queries in filters.items()}

    def _fault_of(self, resource_type: str, query: str) -> str:
        """Why a search cannot be honoured; that the caller may not search at all is no reason to ignore what it asks."""
        try:
            self.require_filter(resource_type, query)
        except FhirError as error:
            if error.status != HTTPStatus.BAD_REQUEST:
                raise
            return str(error)
        return ""

    def _patients(self) -> tuple[str, ...]:
        given = self._texts("patient")
        if given and self.request.method != "POST":
            self._refuse("patient can be sent with POST only, in a Parameters resource.")
            return ()
        if given and self.level == "system":
            self._refuse("patient has no meaning in an export of the whole system: use Patient/$export.")
            return ()
        found = []
        for text in given:
            patient = _PATIENT.fullmatch(text)
            if patient is None:
                raise BadRequest(f"patient is a reference such as Patient/123, not “{text[:100]}”.")
            found.append(patient.group(1))
        return tuple(dict.fromkeys(found))


def _in_body(resource: dict[str, Any] | None) -> list[tuple[str, str]]:
    if resource is None:
        return []
    listed = resource.get("parameter") or []
    if resource.get("resourceType") != "Parameters" or not isinstance(listed, list):
        raise BadRequest("The body must be a Parameters resource.")
    return [_pair(one) for one in listed]


def _pair(parameter: Any) -> tuple[str, str]:
    if not isinstance(parameter, dict) or not isinstance(parameter.get("name"), str):
        raise BadRequest("Parameters.parameter needs a name.", "Parameters.parameter")
    value = next((parameter[key] for key in parameter if key.startswith("value")), "")
    if isinstance(value, dict):
        value = value.get("reference", "")
    return parameter["name"], str(value)
