"""Parts of the engine that are being built beside it, bound when they are there: what is missing is refused, never pretended."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from fhirserver.access import AccessGrant
from fhirserver.bundles import SearchPieces
from fhirserver.http import FhirRequest
from fhirserver.outcomes import NotSupported
from fhirserver.partitions import Partition
from fhirserver.rows import IndexRows


def is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _call(module: str, name: str, *arguments: Any, **named: Any) -> Any:
    if not is_there(module):
        raise NotSupported(f"This server cannot do that yet: {module} is not part of it.")
    return getattr(import_module(module), name)(*arguments, **named)


def search(request: FhirRequest, partition: Partition, grant: AccessGrant) -> SearchPieces:
    found: SearchPieces = _call("fhirserver.search.service", "search", request, partition, grant)
    return found


def find_matches(
    partition: Partition, grant: AccessGrant, resource_type: str, query: list[tuple[str, str]], limit: int
) -> list[int]:
    found: list[int] = _call(
        "fhirserver.search.service", "find_matches", partition, grant, resource_type, query, limit
    )
    return found


def matches(rows: IndexRows, resource_type: str, query: list[tuple[str, str]]) -> bool:
    return bool(_call("fhirserver.search.service", "matches", rows, resource_type, query))
