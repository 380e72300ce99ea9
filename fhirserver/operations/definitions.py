"""OperationDefinitions of the operations that this server has, as FHIR R4 defines them: read by their official id."""

from functools import lru_cache

from fhirserver.operations.table import OPERATIONS
from fhirserver.store import Version, now_us, rid_of
from fhirspec import json
from fhirspec.catalogue import get_catalogue

_SERVED_SINCE = now_us()


def offered_definition(logical_id: str) -> Version | None:
    """The official OperationDefinition of an offered operation, None for any other id."""
    content = _definitions().get(logical_id)
    if content is None:
        return None
    rid = rid_of("OperationDefinition", logical_id)
    return Version(rid, "OperationDefinition", logical_id, 1, _SERVED_SINCE, "PUT", content)


@lru_cache(maxsize=1)
def _definitions() -> dict[str, bytes]:
    offered = {one.code for one in OPERATIONS}
    found = {}
    for operation in get_catalogue().operations:
        if operation.code in offered:
            found[str(operation.definition["id"])] = json.encode(operation.definition)
    return found
