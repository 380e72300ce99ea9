"""One walk over a resource that finds all that is structurally wrong with it."""

from typing import Any

from fhirspec.catalogue import get_catalogue
from fhirspec.terminology import code_set
from fhirspec.validation import explain
from fhirspec.validation.primitives import json_type
from fhirspec.validation.problems import Problem
from fhirspec.validation.references import reference_fault
from fhirspec.validation.shapes import Field, Shape, shape_at

MOST_PROBLEMS = 100
_NONE: frozenset[str] = frozenset()


class TooManyProblems(Exception):
    """The walk ends: nobody reads more."""


class Walk:
    """Finds the problems of one resource; `problems` fills while the walk goes on."""

    __slots__ = ("contained_ids", "problems")

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.contained_ids = _NONE

    def say(self, code: str, path: str, message: str, severity: str = "error") -> None:
        self.problems.append(Problem(severity, code, path, message))
        if len(self.problems) >= MOST_PROBLEMS:
            raise TooManyProblems

    # -- resources -------------------------------------------------------------------------------------------

    def resource(self, node: Any, path: str, contained_ids: frozenset[str] | None = None) -> None:
        """A resource of any type. What it contains is its own, unless it is itself contained."""
        if type(node) is not dict:
            self.say("structure", path, f"Expected a resource, found {json_type(node)}.")
            return
        name = node.get("resourceType")
        if not isinstance(name, str) or name not in get_catalogue().resource_type_set:
            self.say("structure", path, explain.unknown_type(name))
            return
        outer = self.contained_ids
        self.contained_ids = _contained_ids(node) if contained_ids is None else contained_ids
        if len(self.contained_ids) > 0 and contained_ids is None:
            self.same_ids(node["contained"], f"{path}.contained")
        self.object(node, shape_at(name, name), path)
        self.contained_ids = outer

    def contained(self, node: Any, path: str) -> None:
        """https://hl7.org/fhir/R4/references.html#contained"""
        if type(node) is dict:
            if "id" not in node:
                self.say("required", f"{path}.id", "A contained resource needs an id to be referenced by.")
            if "contained" in node:
                self.say(
                    "invariant", f"{path}.contained", "A contained resource cannot contain another (dom-2)."
                )
            meta = node.get("meta")
            for name in ("versionId", "lastUpdated", "security"):
                if type(meta) is dict and name in meta:
                    self.say(
                        "invariant", f"{path}.meta.{name}", f"A contained resource cannot have meta.{name}."
                    )
        self.resource(node, path, self.contained_ids)

    def same_ids(self, contained: list[Any], path: str) -> None:
        """`#p` has to lead to one resource."""
        seen: dict[str, int] = {}
        for index, one in enumerate(contained):
            named = one.get("id") if type(one) is dict else None
            if isinstance(named, str) and seen.setdefault(named, index) != index:
                message = f"The contained resource {seen[named]} has the id '{named}' already."
                self.say("duplicate", f"{path}[{index}].id", message)

    # -- objects ---------------------------------------------------------------------------------------------

    def object(self, node: dict[str, Any], shape: Shape, path: str) -> None:
        fields = shape.fields
        for name, value in node.items():
            field = fields.get(name)
            if field is None:
                if name != "resourceType" or not shape.is_resource:
                    place = f"{path}.{explain.identifier(name)}"
                    self.say("structure", place, explain.unknown_property(name, shape))
            elif field.repeats:
                self.array(value, field, node, f"{path}.{field.segment}")
            elif field.check is None:
                self.item(value, field, f"{path}.{field.segment}", node.get(field.name[1:]))
            elif not field.check(value):
                self.wrong_primitive(value, field, f"{path}.{field.segment}")
        for element, names in shape.required:
            if names[0] not in node and not any(name in node for name in names):
                self.say("required", f"{path}.{element.name}", explain.missing(element, names))
        for element, options in shape.choices:
            if options.isdisjoint(node):
                continue
            found = node.keys() & options
            if len(found) > 1 and len({name.lstrip("_") for name in found}) > 1:
                listed = " and ".join(sorted(found))
                self.say("structure", f"{path}.{element.name}", f"Only one of {listed} can be present.")
        if shape.is_extension:
            self.extension(node, path)

    def array(self, value: Any, field: Field, node: dict[str, Any], path: str) -> None:
        if type(value) is not list:
            self.say("structure", path, f"{field.name} repeats: expected an array, found {json_type(value)}.")
            return
        if not value:
            self.say("structure", path, "An array cannot be empty; leave the property out.")
        if field.most and len(value) > field.most:
            self.say(
                "structure", path, f"At most {field.most} of {field.name} are allowed, found {len(value)}."
            )
        check = field.check
        for index, item in enumerate(value):
            if check is not None and check(item):
                continue
            if item is None and (check is not None or field.is_companion):
                self.null_item(index, field, node, path)
            elif check is not None:
                self.wrong_primitive(item, field, f"{path}[{index}]")
            elif field.name == "contained":
                self.contained(item, f"{path}[{index}]")
            else:
                others = node.get(field.name[1:]) if field.is_companion else None
                beside = others[index] if type(others) is list and index < len(others) else None
                self.item(item, field, f"{path}[{index}]", beside)

    def item(self, value: Any, field: Field, path: str, beside: Any = None) -> None:
        """One object (or resource) that a property holds. `beside`: of what accompanies a primitive, the primitive."""
        if field.is_resource:
            self.resource(value, path)
            return
        if type(value) is not dict:
            what = "an array; the element does not repeat" if type(value) is list else json_type(value)
            self.say("structure", path, f"Expected an object ({field.type}), found {what}.")
            return
        if not value or (
            len(value) == 1 and "id" in value and not (field.is_companion and beside is not None)
        ):
            self.say(
                "structure", path, "An element needs a value or children; leave an empty one out (ele-1)."
            )
            return
        self.object(value, field.shape, path)
        if field.type == "Reference":
            fault = reference_fault(value, field.targets, self.contained_ids)
            if fault is not None:
                severity, code, message = fault
                self.say(code, f"{path}.{'reference' if 'reference' in value else 'type'}", message, severity)
        elif field.binding:
            self.bound_concept(value, field, path)

    # -- rules of single elements ----------------------------------------------------------------------------

    def wrong_primitive(self, value: Any, field: Field, path: str) -> None:
        severity, code, message = explain.primitive(value, field)
        self.say(code, path, message, severity)

    def null_item(self, index: int, field: Field, node: dict[str, Any], path: str) -> None:
        """A null keeps the place of a primitive that has only extensions, or (in `_given`) has none."""
        other = node.get(field.name[1:] if field.is_companion else f"_{field.name}")
        if field.is_companion and type(other) is list and index < len(other):
            # Where both are null it was said of the values already.
            return
        if type(other) is not list or index >= len(other) or other[index] is None:
            self.say(
                "structure", f"{path}[{index}]", "null only keeps a place beside an item of the other array."
            )

    def extension(self, node: dict[str, Any], path: str) -> None:
        has_value = any(name.startswith(("value", "_value")) for name in node)
        if has_value == ("extension" in node):
            self.say("invariant", path, "An extension has either a value or extensions, never both (ext-1).")

    def bound_concept(self, value: dict[str, Any], field: Field, path: str) -> None:
        """A CodeableConcept or Coding whose value set is required."""
        codes = code_set(field.binding) or _NONE
        codings = value.get("coding", []) if field.type == "CodeableConcept" else [value]
        if type(codings) is not list:
            return
        pairs = {(str(one.get("system")), str(one.get("code"))) for one in codings if type(one) is dict}
        if pairs.isdisjoint(codes):
            self.say("code-invalid", path, f"A code of {field.binding} is required here.")


def _contained_ids(node: dict[str, Any]) -> frozenset[str]:
    contained = node.get("contained")
    if type(contained) is not list:
        return _NONE
    return frozenset(str(one.get("id")) for one in contained if type(one) is dict)


def validate(resource: Any, resource_type: str) -> list[Problem]:
    """The structural problems of a resource, in the order of its text; empty when it is valid.

    Checked are types, names, cardinalities, primitive values, required bindings, reference targets, contained
    resources and the safety of the narrative. The rest of the rules are in `invariants`.
    """
    if type(resource) is not dict:
        return [
            Problem("error", "structure", resource_type, f"Expected an object, found {json_type(resource)}.")
        ]
    if resource.get("resourceType") != resource_type:
        found = explain.shown(resource.get("resourceType"))
        message = f"Expected resourceType {resource_type}, found {found}."
        return [Problem("error", "structure", resource_type, message)]
    walk = Walk()
    try:
        walk.resource(resource, resource_type)
    except TooManyProblems:
        more = "There are more problems than are listed."
        walk.problems.append(Problem("information", "informational", resource_type, more))
    return walk.problems
