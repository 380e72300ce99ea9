"""Operations that a server offers: its CapabilityStatement chooses from the table of interactions, and adds its `$operations`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from explorer.building.interactions import SYSTEM_OPERATIONS, TYPE_OPERATIONS, Operation

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
