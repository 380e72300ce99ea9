"""The invariants of the definitions, evaluated as FHIRPath: slow, so only for `$validate`.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Constraint
from fhirspec.validation.problems import Problem
from fhirspec.validation.shapes import Shape, shape_at
from fhirspec.validation.walk import MOST_PROBLEMS

Json = dict[str, Any]
# Only prints while it is evaluated.
_TRACE = re.compile(r"\.trace\('[^']*'\)")
Evaluate = Callable[[Any, Json], Any]

# Found by the walk already (with better words), or not to be said in FHIRPath that any library evaluates.
_ELSEWHERE = frozenset({"ele-1", "ext-1", "txt-1", "txt-2", "dom-2", "dom-3", "dom-4", "dom-5", "ref-1"})


def invariants(resource: Json) -> list[Problem]:
    """The broken invariants of a structurally valid resource; what is contained is looked at too."""
    name = str(resource["resourceType"])
    found = [*_contained_unused(resource, name), *_same_element_ids(resource, name)]
    for problem in _broken(resource, shape_at(name, name), name, resource):
        found.append(problem)
        if len(found) >= MOST_PROBLEMS:
            break
    return found


def _broken(node: Any, shape: Shape, path: str, resource: Json) -> Iterator[Problem]:
    for rule in _rules(shape.label):
        yield from _checked(rule, shape.label, node, path, resource)
    if not isinstance(node, dict):
        return
    for name, value in node.items():
        field = shape.fields.get(name)
        if field is None or field.check is not None:
            continue
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            if not isinstance(item, dict):
                continue
            place = f"{path}.{field.segment}" + (f"[{index}]" if isinstance(value, list) else "")
            if field.is_resource:
                inner = str(item["resourceType"])
                rest = _broken(item, shape_at(inner, inner), place, resource if name == "contained" else item)
                yield from (one for one in rest if name != "contained" or not one.message.endswith("(dom-6)"))
                continue
            yield from _broken(item, field.shape, place, resource)
            # Rules that a type's user adds stand at the element, beside those of the type itself.
            for rule in _added_rules(field.element.path, field.shape.label):
                yield from _checked(rule, field.shape.label, item, place, resource)


def broken_rules(
    rules: Iterable[Constraint], label: str, node: Any, path: str, resource: Json
) -> list[Problem]:
    """Which of a profile's rules this node breaks; those that the base definition has too are left out."""
    base = {rule.key for rule in _all_rules(label)}
    return [
        problem
        for rule in rules
        if rule.key not in base and _is_checked(rule)
        for problem in _checked(rule, label, node, path, resource)
    ]


def _checked(rule: Constraint, label: str, node: Any, path: str, resource: Json) -> Iterator[Problem]:
    evaluate = _compiled(rule.expression, label)
    if evaluate is None:
        return
    try:
        result = evaluate(node, {"resource": resource, "rootResource": resource, "context": node})
    except (
        Exception
    ):  # The library raises all kinds for what it cannot do; a rule that cannot run says nothing.
        return
    if result == [False] or result is False:
        yield Problem(rule.severity, "invariant", path, f"{rule.human} ({rule.key})")


@lru_cache(maxsize=2048)
def _compiled(expression: str, label: str) -> Evaluate | None:
    """The rule for nodes of the type or element that the label names: it says which elements are choices."""
    from fhirpathpy import compile as compile_path
    from fhirpathpy.engine.nodes import ResourceNode
    from fhirpathpy.models import models

    # The library does not know hasValue(); for a primitive that has no extensions alone it is the same.
    plain = _TRACE.sub("", expression).replace(".hasValue()", ".exists()")
    try:
        compiled = compile_path(plain, models["r4"])
    except Exception:  # As above: an expression that the library cannot read.
        return None
    typed: Callable[[Any, str], Any] = ResourceNode.create_node
    return lambda node, variables: compiled(typed(node, label), variables)


@lru_cache(maxsize=4096)
def _all_rules(label: str) -> tuple[Constraint, ...]:
    element = get_catalogue().type_definition(label.partition(".")[0]).element(label)
    return element.constraints if element else ()


@lru_cache(maxsize=4096)
def _rules(label: str) -> tuple[Constraint, ...]:
    """The rules of a type, or of an element that is defined inside of one."""
    return tuple(rule for rule in _all_rules(label) if _is_checked(rule))


@lru_cache(maxsize=4096)
def _added_rules(path: str, label: str) -> tuple[Constraint, ...]:
    if path == label:
        return ()
    known = {rule.key for rule in _rules(label)}
    return tuple(rule for rule in _rules(path) if rule.key not in known)


def _is_checked(rule: Constraint) -> bool:
    return bool(rule.expression) and rule.key not in _ELSEWHERE


def _contained_unused(resource: Json, path: str) -> Iterator[Problem]:
    """dom-3: what is contained is referenced from the resource, or references it."""
    contained = resource.get("contained")
    if not isinstance(contained, list):
        return
    used = set(_local_references(resource))
    for index, one in enumerate(contained):
        if f"#{one.get('id')}" not in used and "#" not in set(_local_references(one)):
            message = f"Nothing refers to the contained resource '{one.get('id')}' (dom-3)"
            yield Problem("error", "invariant", f"{path}.contained[{index}]", message)


def _same_element_ids(resource: Json, path: str) -> Iterator[Problem]:
    """Element.id is unique within its resource: https://hl7.org/fhir/R4/element.html#id. Contained and inner resources are looked at
    by themselves."""
    seen: dict[str, str] = {}
    for place, named in _element_ids(resource, shape_at(path, path), path):
        first = seen.setdefault(named, place)
        if first != place:
            yield Problem(
                "error", "duplicate", f"{place}.id", f"The element {first} has the id '{named}' already."
            )


def _element_ids(node: Json, shape: Shape, path: str) -> Iterator[tuple[str, str]]:
    for name, value in node.items():
        field = shape.fields.get(name)
        if field is None or field.check is not None or field.is_resource:
            continue
        for index, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, dict):
                place = f"{path}.{field.segment}" + (f"[{index}]" if isinstance(value, list) else "")
                # The elements of a definition have theirs once in the snapshot and once in the differential.
                if isinstance(item.get("id"), str) and field.type != "ElementDefinition":
                    yield place, item["id"]
                yield from _element_ids(item, field.shape, place)


def _local_references(node: Any) -> Iterator[str]:
    """Every text that may point at a contained resource: references, canonicals, URIs and URLs."""
    if isinstance(node, dict):
        for value in node.values():
            yield from _local_references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _local_references(value)
    elif isinstance(node, str) and node.startswith("#"):
        yield node
