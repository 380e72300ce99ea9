"""Walk a resource beside its definition and note every problem.

https://hl7.org/fhir/R4/json.html, https://hl7.org/fhir/R4/references.html
"""

from difflib import get_close_matches
from typing import Any

from fhirspec.catalogue import get_catalogue
from fhirspec.searchparams.compile import reference_type
from fhirspec.validation.plan import Child, Plan, plan_at, resource_plan
from fhirspec.validation.primitives import kind_of, shown
from fhirspec.validation.problem import Problem, error

MAX_PROBLEMS = 100


def validate(resource: Any, resource_type: str | None = None) -> list[Problem]:
    """Every structural problem of a resource, at most MAX_PROBLEMS; no error among them means that it is valid.

    `resource_type`, where given, is the type that it must be. Invariants and profiles are not looked at here.
    """
    walk = _Walk(resource)
    walk.resource(resource, resource_type, "")
    return walk.problems[:MAX_PROBLEMS]


class _Walk:
    """One validation: the problems found so far, and the ids of the outermost resource's contained ones."""

    def __init__(self, outermost: Any) -> None:
        self.problems: list[Problem] = []
        self._contained = _contained_ids(outermost)

    def _note(self, code: str, path: str, message: str) -> None:
        self.problems.append(error(code, path, message))

    def resource(self, node: Any, wanted: str | None, path: str) -> None:
        if not isinstance(node, dict):
            return self._note(
                "structure", path or "$", f"must be a resource (an object), not {kind_of(node)}"
            )
        name = node.get("resourceType")
        if not isinstance(name, str) or not name:
            return self._note("required", path or "$", "has no resourceType: say which resource this is")
        if name not in get_catalogue().resource_type_set:
            return self._note(
                "value", path or "$", f"{shown(name)} is not an R4 resource type{_hint_type(name)}"
            )
        if wanted is not None and name != wanted:
            return self._note("invalid", path or name, f"is a {name}, but a {wanted} belongs here")
        self._object(node, resource_plan(name), path or name, is_resource=True)
        return None

    def _object(self, node: dict[str, Any], plan: Plan, path: str, *, is_resource: bool = False) -> None:
        children = plan.children
        for name, value in node.items():
            child = children.get(name)
            if child is not None:
                self._property(child, value, node, f"{path}.{name}")
            elif name == "resourceType" and is_resource:
                continue
            elif name[:1] == "_" and (child := children.get(name[1:])) and child.check:
                self._extras(child, value, node, f"{path}.{name[1:]}")
            elif name != "fhir_comments":
                self._note(
                    "structure", f"{path}.{name}", f"is not an element of {plan.type}{_hint(name, children)}"
                )
        self._present(node, plan, path)
        if plan.type == "Extension":
            self._extension(node, path)

    def _present(self, node: dict[str, Any], plan: Plan, path: str) -> None:
        for label, names in plan.required:
            if not any(name in node or f"_{name}" in node for name in names):
                self._note("required", f"{path}.{label}", "is missing: this element is required")
        for label, names in plan.choices:
            given = [name for name in names if name in node or f"_{name}" in node]
            if len(given) > 1:
                self._note(
                    "structure",
                    f"{path}.{label}",
                    f"may be given once, but {' and '.join(given)} are both there",
                )

    def _property(self, child: Child, value: Any, parent: dict[str, Any], path: str) -> None:
        if not child.repeating:
            if isinstance(value, list):
                return self._note(
                    "structure", path, "may be given only once: use one value instead of an array"
                )
            return self._value(child, value, path)
        if not isinstance(value, list):
            return self._note("structure", path, f"repeats: use an array instead of {kind_of(value)}")
        if not value:
            return self._note("structure", path, "must not be an empty array: leave the element out instead")
        extras = parent.get(f"_{child.name}")
        for at, item in enumerate(value):
            # A null keeps the place of an item that has only extensions.
            if item is None and child.check and isinstance(extras, list) and at < len(extras) and extras[at]:
                continue
            self._value(child, item, f"{path}[{at}]")
        return None

    def _value(self, child: Child, value: Any, path: str) -> None:
        if child.check is not None:
            if fault := child.check(value):
                self._note("value", path, fault)
            elif child.required_value_set:
                self._code(child, value, path)
        elif not child.defined_in:
            self._inner_resource(child, value, path)
        elif not isinstance(value, dict):
            self._note("structure", path, f"must be an object ({child.type}), not {kind_of(value)}")
        elif not value:
            self._note("structure", path, "must not be an empty object: leave the element out instead")
        else:
            self._object(value, child.plan, path)
            if child.type == "Reference":
                self._reference(child, value, path)
            elif child.required_value_set:
                self._coded(child, value, path)

    def _inner_resource(self, child: Child, value: Any, path: str) -> None:
        if child.name == "contained" and isinstance(value, dict):
            if not value.get("id"):
                self._note(
                    "required", f"{path}.id", "is missing: a contained resource needs an id to be referred to"
                )
            if "contained" in value:
                self._note(
                    "structure", f"{path}.contained", "a contained resource must not contain others (dom-2)"
                )
        self.resource(value, None, path)

    def _extras(self, child: Child, value: Any, parent: dict[str, Any], path: str) -> None:
        """The `_name` beside a primitive: its id and extensions."""
        values = value if child.repeating else [value]
        if not isinstance(values, list):
            return self._note("structure", path, f"its _{child.name} must be an array, as {child.name} is")
        for at, one in enumerate(values):
            place = f"{path}[{at}]" if child.repeating else path
            if one is None and child.repeating:
                continue
            if not isinstance(one, dict) or not one:
                self._note("structure", place, f"its _{child.name} must be an object with id or extension")
            else:
                self._object(one, plan_at("Element", "Element"), place)
        return None

    def _extension(self, node: dict[str, Any], path: str) -> None:
        has_value = any(name.lstrip("_").startswith("value") for name in node)
        if has_value == ("extension" in node):
            self._note(
                "invariant", path, "must have either a value or extensions, not both and not neither (ext-1)"
            )

    def _code(self, child: Child, value: Any, path: str) -> None:
        codes = child.plain_codes
        if codes is not None and value not in codes:
            self._note("code-invalid", path, _not_in(value, child.required_value_set, sorted(codes)))

    def _coded(self, child: Child, value: dict[str, Any], path: str) -> None:
        codes = child.codes
        if codes is None:
            return
        codings = value.get("coding", ()) if child.type == "CodeableConcept" else (value,)
        given = [(one.get("system", ""), one.get("code")) for one in codings if isinstance(one, dict)]
        # Text alone is no code at all; a required binding then asks for nothing that can be checked.
        if any(code for _, code in given) and not any(one in codes for one in given):
            self._note(
                "code-invalid",
                path,
                _not_in(given[0][1], child.required_value_set, sorted({code for _, code in codes})),
            )

    def _reference(self, child: Child, value: dict[str, Any], path: str) -> None:
        text = value.get("reference")
        if not isinstance(text, str):
            return
        if text.startswith("#"):
            if len(text) > 1 and text[1:] not in self._contained:
                self._note(
                    "not-found", f"{path}.reference", f"{shown(text)} names no contained resource (ref-1)"
                )
            return
        named = reference_type(value)
        known = get_catalogue().resource_type_set
        if named and named in known and child.targets and named not in child.targets:
            allowed = ", ".join(sorted(child.targets))
            # Official examples break this rule, and other servers accept it: a warning, not a refusal.
            message = f"refers to {named}, but only {allowed} should be referred to here"
            self.problems.append(Problem("warning", "value", f"{path}.reference", message))
        elif not named and ":" not in text and "?" not in text:
            self._note(
                "value",
                f"{path}.reference",
                f"{shown(text)} is not a reference: use ResourceType/id or a full URL",
            )


def _contained_ids(resource: Any) -> frozenset[str]:
    """Ids of contained resources anywhere below, so that entries of a Bundle may use their own."""
    found: set[str] = set()
    stack = [resource]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            inner = node.get("contained")
            if isinstance(inner, list):
                found.update(str(one["id"]) for one in inner if isinstance(one, dict) and "id" in one)
            if node.get("resourceType") in ("Bundle", "Parameters"):
                stack.extend(value for value in node.values() if isinstance(value, list | dict))
            elif "resource" in node:
                stack.append(node["resource"])
        elif isinstance(node, list):
            stack.extend(node)
    return frozenset(found)


def _hint(name: str, known: dict[str, Child]) -> str:
    near = get_close_matches(name, known, n=1, cutoff=0.7)
    return f"; did you mean {near[0]}?" if near else ""


def _hint_type(name: str) -> str:
    near = get_close_matches(name, get_catalogue().resource_types, n=1, cutoff=0.7)
    return f"; did you mean {near[0]}?" if near else ""


def _not_in(value: object, value_set: str, codes: list[str]) -> str:
    listed = ", ".join(codes[:12]) + (", …" if len(codes) > 12 else "")
    return f"{shown(value)} is not in the required value set {value_set.rpartition('/')[2]}: {listed}"
