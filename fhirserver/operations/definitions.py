"""OperationDefinitions of the operations that this server has: read by their id, found by their canonical URL, without being stored."""

from collections.abc import Iterable
from functools import lru_cache

from fhirserver.bundles import Entry
from fhirserver.operations.own_definitions import OWN_DEFINITIONS, own_definition
from fhirserver.operations.table import OPERATIONS
from fhirserver.store import Version, now_us, rid_of
from fhirspec import json
from fhirspec.catalogue import get_catalogue

_TYPE = "OperationDefinition"
_SERVED_SINCE = now_us()


def definition_url(code: str, resource_type: str, base_url: str) -> str:
    """The canonical URL of an offered operation on a type, empty for the system: FHIR's own definition where there is one.

    Of $validate FHIR has one for types and their instances only.
    """
    at_system = None if resource_type else own_definition(code, "s", "")
    if at_system is not None:
        return at_system.canonical(base_url)
    official = get_catalogue().operation(code, resource_type)
    if official is not None:
        return str(official.definition["url"])
    found = next(one for level in "sti" if (one := own_definition(code, level, resource_type)))
    return found.canonical(base_url)


def offered_definition(logical_id: str, base_url: str) -> Version | None:
    """The OperationDefinition of an offered operation, None for any other id."""
    content = _definitions(base_url).get(logical_id)
    if content is None:
        return None
    return Version(rid_of(_TYPE, logical_id), _TYPE, logical_id, 1, _SERVED_SINCE, "PUT", content)


def offered_entries(query: list[tuple[str, str]], base_url: str, found: Iterable[Entry]) -> list[Entry]:
    """What a search by nothing but `url` or `_id` finds among the offered definitions, unless one of that id was found already."""
    named = {value for name, value in query if name in ("url", "_id")}
    others = [
        name for name, _ in query if name not in ("url", "_id", "_format", "_pretty", "_count", "_total")
    ]
    if not named or others:
        return []
    stored = {one.logical_id for one in found}
    return [
        Entry(_TYPE, logical_id, content)
        for logical_id, content in _definitions(base_url).items()
        if logical_id not in stored and {logical_id, json.decode(content)["url"]} & named
    ]


@lru_cache(maxsize=64)
def _definitions(base_url: str) -> dict[str, bytes]:
    official = {
        str(one.definition["id"]): json.encode(one.definition)
        for one in get_catalogue().operations
        if any(_is_of(one.code, one.resources, offered.code, offered.types) for offered in OPERATIONS)
    }
    return official | {one.logical_id: json.encode(one.resource(base_url)) for one in OWN_DEFINITIONS}


def _is_of(code: str, resources: tuple[str, ...], offered: str, types: tuple[str, ...]) -> bool:
    return code == offered and (not types or bool(set(types) & set(resources)))
