"""special: the members of a List, for `_list`. https://hl7.org/fhir/R4/search.html#list

`_text` and `_content` are indexed apart (search/fulltext.py); `_id` and `_lastUpdated` are columns of the resource.
"""

from typing import Any

from fhirserver.indexing.builder import Builder
from fhirserver.indexing.params.reference import pointer_of
from fhirserver.rows import ReferenceRow, param_code

LIST_MEMBERS = param_code("List", "_list")


def index_list(into: Builder, resource: dict[str, Any]) -> None:
    for entry in resource.get("entry", ()):
        pointer = pointer_of(entry.get("item", {}).get("reference", ""))
        if pointer is not None and not entry.get("deleted"):
            into.references.add(ReferenceRow(LIST_MEMBERS, pointer.target))
