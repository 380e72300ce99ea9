"""References with `:above` and `:below`: along the hierarchy of what is referred to, or all versions of a canonical address that begin so.

https://hl7.org/fhir/R4/search.html#recursive, https://hl7.org/fhir/R4/search.html#versions
"""

from fhirserver.indexing.definitions import readings
from fhirserver.indexing.params.reference import names_below, pointer_of
from fhirserver.rows import param_code
from fhirserver.search.ast import NOTHING, InHierarchy, Node, Target, any_of
from fhirserver.search.criteria.by_type import by_type
from fhirserver.search.parse import unescaped
from fhirserver.search.scope import Scope
from fhirspec.definitions import SearchParameter
from fhirspec.hashing import hash64
from fhirspec.searchparams.behaviour import HIERARCHIES, is_canonical


def in_hierarchy(resource_type: str, found: SearchParameter, modifier: str, value: str, scope: Scope) -> Node:
    text = unescaped(value)
    params = [(one, param_code(resource_type, one.code)) for one in readings(resource_type, found.code)]
    if is_canonical(found):
        targets = tuple(hash64(name) for name in names_below(text))
        return any_of([Target(param, targets) for _, param in params])
    pointer = pointer_of(text) if "/" in text or ":" in text else None
    if pointer is not None and pointer.type not in HIERARCHIES:
        # Nothing is a part of it, nor is it a part of anything.
        return by_type(resource_type, found, "", value)
    nodes: list[Node] = []
    for kind in [pointer.type] if pointer is not None else HIERARCHIES:
        if kind not in found.targets:
            continue
        rid = pointer.target if pointer is not None else hash64(f"{kind}/{text}")
        parent = param_code(kind, HIERARCHIES[kind])
        nodes += [
            InHierarchy(param, parent, rid, modifier == "above", scope(kind))
            for one, param in params
            if one.target in ("", kind)
        ]
    return any_of(nodes) if nodes else NOTHING
