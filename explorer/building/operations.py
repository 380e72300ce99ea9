"""Operations that a server offers, from its CapabilityStatement.

One table of the R4 interactions (https://hl7.org/fhir/R4/http.html); a statement chooses from it and adds its
`$operations`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
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
        "Change parts of one resource (JSON Patch)",
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
# The interaction code of a CapabilityStatement that switches an operation on.
_INTERACTION_OF = {
    "search": "search-type",
    "search-post": "search-type",
    "history": "history-instance",
    "batch": "transaction",
}
# Conditional forms are switched on by an element of their own; its value "not-supported" means no.
_CONDITIONAL = {
    "conditional-create": "conditionalCreate",
    "conditional-update": "conditionalUpdate",
    "conditional-patch": "conditionalPatch",
    "conditional-delete": "conditionalDelete",
}


def type_operations(resource: dict[str, Any], definitions: "Definitions") -> tuple[Operation, ...]:
    """Operations of one resource type, from its `CapabilityStatement.rest.resource`."""
    codes = {each.get("code") for each in resource.get("interaction", ())}

    def offered(operation: Operation) -> bool:
        if element := _CONDITIONAL.get(operation.key):
            # R4 has no element for conditional patch: servers that patch and update conditionally offer it.
            if operation.key == "conditional-patch":
                return "patch" in codes and resource.get("conditionalUpdate") is True
            return resource.get(element) not in (None, False, "not-supported")
        return _INTERACTION_OF.get(operation.key, operation.key) in codes

    named = _named_operations(resource.get("operation", ()), resource.get("type", ""), definitions)
    return (*filter(offered, TYPE_OPERATIONS), *named)


def system_operations(rest: dict[str, Any], definitions: "Definitions") -> tuple[Operation, ...]:
    codes = {each.get("code") for each in rest.get("interaction", ())} | {"capabilities"}
    if "batch" in codes:
        codes.add("transaction")
    offered = [op for op in SYSTEM_OPERATIONS if _INTERACTION_OF.get(op.key, op.key) in codes]
    return (*offered, *_named_operations(rest.get("operation", ()), "", definitions))


@dataclass(frozen=True)
class Definition:
    """What an OperationDefinition says, as far as a form needs it."""

    code: str
    title: str
    summary: str
    link: str
    on_type: bool
    on_instance: bool
    changes: bool
    # (name, type, minimum, documentation) of every input parameter
    inputs: tuple[tuple[str, str, int, str], ...]

    @property
    def resource_input(self) -> bool:
        return any(kind in ("Resource", "Any") or name == "resource" for name, kind, _, _ in self.inputs)

    @property
    def needs_body(self) -> bool:
        """Whether an input that must be there does not fit into an address: https://hl7.org/fhir/R4/operations.html"""
        return any(least > 0 and not kind[:1].islower() for _, kind, least, _ in self.inputs)


Definitions = dict[str, Definition]


def _named_operations(
    offered: Iterable[dict[str, Any]], resource_type: str, definitions: Definitions
) -> Iterator[Operation]:
    for each in offered:
        code = str(each.get("name", "")).removeprefix("$")
        canonical = str(each.get("definition", "")).split("|")[0]
        definition = definitions.get(canonical) or definitions.get(code)
        if not code:
            continue
        if definition is None:
            definition = Definition(code, f"${code}", "", canonical, bool(resource_type), False, False, ())
        yield from _forms_of(definition, resource_type)


def _forms_of(definition: Definition, resource_type: str) -> Iterator[Operation]:
    """An operation at each level that it has: on one resource, on the type, on the system."""
    code = definition.code
    post = definition.changes or definition.resource_input or definition.needs_body
    base = Operation(
        key=f"${code}",
        title=f"${code}",
        method="POST" if post else "GET",
        path=f"${code}",
        summary=definition.summary or definition.title,
        link=definition.link,
        body=("resource" if definition.resource_input else "parameters") if post else "",
        criteria=not post or definition.resource_input,
        safe=not definition.changes and not code.startswith(("meta-", "process-")),
        name=code,
    )
    if not resource_type:
        yield base
        return
    if definition.on_instance:
        yield replace(base, key=f"${code}-instance", path=f"{{type}}/{{id}}/${code}", title=f"${code} of one")
    if definition.on_type or not definition.on_instance:
        yield replace(base, path=f"{{type}}/${code}")
