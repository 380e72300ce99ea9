"""The R4 interactions as one table: https://hl7.org/fhir/R4/http.html"""

from dataclasses import dataclass
from typing import Any

SPECIFICATION = "https://hl7.org/fhir/R4/"


@dataclass(frozen=True)
class Operation:
    """One way to call the server.

    `path` is a template below the base with {type}, {id} and {vid}. `body` names what it carries: resource, patch,
    bundle, parameters, form (criteria as a form) or nothing. `safe` requests change nothing on the server.
    """

    key: str
    title: str
    method: str
    path: str
    summary: str
    link: str
    body: str = ""
    criteria: bool = False
    safe: bool = False
    headers: tuple[str, ...] = ()
    name: str = ""

    @property
    def id_prefix(self) -> str:
        """What the ids of its form's fields begin with."""
        return self.key.replace("$", "op-")

    @property
    def needs_id(self) -> bool:
        return "{id}" in self.path

    @property
    def needs_version(self) -> bool:
        return "{vid}" in self.path

    def path_of(self, resource_type: str) -> str:
        """The path as a person reads it: `/Patient/{id}`."""
        return "/" + self.path.replace("{type}", resource_type)


def _operation(key: str, title: str, call: str, summary: str, anchor: str, **more: Any) -> Operation:
    method, path = call.split(" ", 1) if " " in call else (call, "")
    return Operation(key, title, method, path, summary, f"{SPECIFICATION}http.html#{anchor}", **more)


TYPE_OPERATIONS: tuple[Operation, ...] = (
    _operation(
        "search",
        "Search",
        "GET {type}",
        "Find resources by criteria",
        "search",
        criteria=True,
        safe=True,
    ),
    _operation(
        "search-post",
        "Search by POST",
        "POST {type}/_search",
        "The same search with its criteria in the body, out of the address",
        "search",
        body="form",
        criteria=True,
        safe=True,
    ),
    _operation(
        "read",
        "Read",
        "GET {type}/{id}",
        "The current version of one resource",
        "read",
        safe=True,
        headers=("If-None-Match", "If-Modified-Since"),
    ),
    _operation(
        "vread",
        "Read a version",
        "GET {type}/{id}/_history/{vid}",
        "One version as it was",
        "vread",
        safe=True,
    ),
    _operation(
        "create",
        "Create",
        "POST {type}",
        "Store a new resource; the server gives the id",
        "create",
        body="resource",
        headers=("Prefer",),
    ),
    _operation(
        "conditional-create",
        "Create if none exists",
        "POST {type}",
        "Create, unless a search already finds one",
        "ccreate",
        body="resource",
        criteria=True,
        headers=("Prefer",),
    ),
    _operation(
        "update",
        "Update",
        "PUT {type}/{id}",
        "Replace one resource, or create it under this id",
        "update",
        body="resource",
        headers=("If-Match", "Prefer"),
    ),
    _operation(
        "conditional-update",
        "Update what a search finds",
        "PUT {type}",
        "Replace the one resource that matches, or create it",
        "cond-update",
        body="resource",
        criteria=True,
        headers=("Prefer",),
    ),
    _operation(
        "patch",
        "Patch",
        "PATCH {type}/{id}",
        "Change parts of one resource: by JSON Patch, JSON Merge Patch or FHIRPath Patch",
        "patch",
        body="patch",
        headers=("If-Match", "Prefer"),
    ),
    _operation(
        "conditional-patch",
        "Patch what a search finds",
        "PATCH {type}",
        "Change parts of the one resource that matches",
        "patch",
        body="patch",
        criteria=True,
        headers=("Prefer",),
    ),
    _operation(
        "delete",
        "Delete",
        "DELETE {type}/{id}",
        "Delete one resource; its history stays",
        "delete",
        headers=("If-Match",),
    ),
    _operation(
        "conditional-delete",
        "Delete what a search finds",
        "DELETE {type}",
        "Delete the resources that match",
        "3.1.0.7.1",
        criteria=True,
    ),
    _operation(
        "history",
        "History of one",
        "GET {type}/{id}/_history",
        "Every version of one resource",
        "history",
        criteria=True,
        safe=True,
    ),
    _operation(
        "history-type",
        "History of the type",
        "GET {type}/_history",
        "Every change to resources of this type",
        "history",
        criteria=True,
        safe=True,
    ),
)
SYSTEM_OPERATIONS: tuple[Operation, ...] = (
    _operation(
        "capabilities",
        "Capabilities",
        "GET metadata",
        "What this server can do: its CapabilityStatement",
        "capabilities",
        safe=True,
    ),
    _operation(
        "batch",
        "Batch or transaction",
        "POST",
        "Send many requests in one Bundle",
        "transaction",
        body="bundle",
        headers=("Prefer",),
    ),
    _operation(
        "search-system",
        "Search all types",
        "GET",
        "Search across resource types",
        "search",
        criteria=True,
        safe=True,
    ),
    _operation(
        "history-system",
        "History of everything",
        "GET _history",
        "Every change on the server",
        "history",
        criteria=True,
        safe=True,
    ),
)
