"""Search, from `fhirserver.search` where it is there, else the plain one."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from fhirserver.access import AccessGrant
from fhirserver.bundles import SearchPieces
from fhirserver.http import FhirRequest
from fhirserver.partitions import Partition
from fhirserver.rows import IndexRows


def is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


_SERVICE = "fhirserver.search.service"
_NAME = _SERVICE if is_there(_SERVICE) else "fhirserver.plain_search"


def _call(name: str, *arguments: Any) -> Any:
    return getattr(import_module(_NAME), name)(*arguments)


def search(request: FhirRequest, partition: Partition, grant: AccessGrant) -> SearchPieces:
    found: SearchPieces = _call("search", request, partition, grant)
    return found


def find_matches(
    partition: Partition, grant: AccessGrant, resource_type: str, query: list[tuple[str, str]], limit: int
) -> list[int]:
    found: list[int] = _call("find_matches", partition, grant, resource_type, query, limit)
    return found


def matches(rows: IndexRows, resource_type: str, query: list[tuple[str, str]]) -> bool:
    return bool(_call("matches", rows, resource_type, query))
