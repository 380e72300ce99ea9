"""A resource beside a profile: what the profile asks for and the resource lacks."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fhirspec.catalogue import get_catalogue
from fhirspec.terminology import CannotExpand, Terminology
from fhirspec.validation.explain import shown
from fhirspec.validation.invariants import broken_rules
from fhirspec.validation.problems import Problem
from fhirspec.validation.profiles.slicing import Slicer
from fhirspec.validation.profiles.tree import ProfileElement, UnusableProfile, read_profile
from fhirspec.validation.profiles.values import Valued, is_type, matches_pattern, values_of

Json = dict[str, Any]
Find = Callable[[str], Json | None]

_SEVERITIES = {"required": "error", "extensible": "warning"}
_CODED = ("code", "Coding", "CodeableConcept", "Quantity")


class ProfileChecker:
    """Checks resources against the profiles that `find` knows, and those of the catalogue."""

    def __init__(self, find: Find, terminology: Terminology | None = None) -> None:
        self._find = find
        self._terminology = terminology or Terminology(find)
        self._profiles: dict[str, ProfileElement | None] = {}
        self._slicer = Slicer(self._in_value_set, self._conforms_to)
        self._code_set = lru_cache(maxsize=512)(self._codes)

    def profile(self, canonical: str) -> ProfileElement:
        """The profile of a canonical URL. UnusableProfile when it is not known or cannot be used."""
        definition = self._find(canonical) or get_catalogue().canonical(canonical)
        if definition is None or definition.get("resourceType") != "StructureDefinition":
            raise UnusableProfile(f"The profile {canonical} is not known here")
        if canonical not in self._profiles:
            self._profiles[canonical] = read_profile(definition)
        found = self._profiles[canonical]
        assert found is not None  # noqa: S101 (only `_known` keeps None)
        return found

    def check(self, resource: Json, canonical: str) -> list[Problem]:
        """What a structurally valid resource lacks of a profile. Raises UnusableProfile."""
        root = self.profile(canonical)
        name = str(resource["resourceType"])
        if root.name != name:
            message = f"The profile {canonical} is for {root.name}, not for {name}."
            return [Problem("error", "structure", name, message)]
        problems: list[Problem] = []
        self._rules(resource, root, name, resource, problems)
        self._children(resource, root, name, resource, problems)
        return list(dict.fromkeys(problems))

    # -- the walk --------------------------------------------------------------------------------------------

    def _children(
        self, node: Any, element: ProfileElement, path: str, resource: Json, found: list[Problem]
    ) -> None:
        for child in element.children.values():
            values = values_of(node, child, path)
            place = f"{path}.{child.name.removesuffix('[x]')}"
            _count(values, child, place, found)
            for valued in values:
                self._value(valued, child, resource, found)
            if child.slices:
                self._slices(values, child, place, resource, found)

    def _slices(
        self, values: list[Valued], element: ProfileElement, path: str, resource: Json, found: list[Problem]
    ) -> None:
        members: dict[str, list[Valued]] = {name: [] for name in element.slices}
        for valued in values:
            one = self._slicer.slice_of(valued, element)
            if one is not None:
                members[one.slice_name].append(valued)
                self._value(valued, one, resource, found)
            elif element.is_closed:
                message = f"It is none of {', '.join(element.slices)}, and the profile allows no other."
                found.append(Problem("error", "structure", valued.path, message))
        for name, one in element.slices.items():
            _count(members[name], one, path, found)

    def _value(self, valued: Valued, element: ProfileElement, resource: Json, found: list[Problem]) -> None:
        value, kind, path = valued
        if kind and element.types and not any(is_type(kind, one) for one in element.types):
            allowed = ", ".join(element.types)
            found.append(
                Problem("error", "structure", path, f"The profile allows {allowed} here, not {kind}.")
            )
            return
        if value is None:
            return
        if element.fixed is not None and value != element.fixed:
            message = f"The profile fixes {element.label} to {shown(element.fixed)}."
            found.append(Problem("error", "value", path, message))
        if element.pattern is not None and not matches_pattern(value, element.pattern):
            message = f"The profile asks {element.label} to have {shown(element.pattern)}."
            found.append(Problem("error", "value", path, message))
        self._binding(valued, element, found)
        self._rules(value, element, path, resource, found)
        self._children(value, element, path, resource, found)
        self._type_profiles(valued, element, resource, found)

    def _type_profiles(
        self, valued: Valued, element: ProfileElement, resource: Json, found: list[Problem]
    ) -> None:
        """A data type or an extension with a definition of its own: one of them must fit."""
        known = [root for url in element.type_profiles if (root := self._known(url)) is not None]
        if not known or len(known) < len(element.type_profiles) or not isinstance(valued.value, dict):
            return
        attempts: list[list[Problem]] = []
        for root in known:
            attempts.append([])
            self._children(valued.value, root, valued.path, resource, attempts[-1])
        found += min(attempts, key=lambda one: sum(problem.is_error for problem in one))

    def _known(self, canonical: str) -> ProfileElement | None:
        if canonical not in self._profiles:
            try:
                return self.profile(canonical)
            except UnusableProfile:
                self._profiles[canonical] = None
        return self._profiles[canonical]

    # -- single rules ----------------------------------------------------------------------------------------

    def _rules(
        self, value: Any, element: ProfileElement, path: str, resource: Json, found: list[Problem]
    ) -> None:
        found += broken_rules(element.constraints, element.path, value, path, resource)

    def _binding(self, valued: Valued, element: ProfileElement, found: list[Problem]) -> None:
        severity = _SEVERITIES.get(element.binding_strength)
        if severity is None or not set(element.types) & set(_CODED):
            return
        is_member = self._in_value_set(valued.value, element.value_set)
        if is_member is None and severity == "error":
            message = f"A code of {element.value_set} is required; which these are is not known here."
            found.append(Problem("information", "not-supported", valued.path, message))
        if is_member is not False:
            return
        if severity == "warning" and _has_no_code(valued.value):
            return
        verb = "is required" if severity == "error" else "should be used, if one fits"
        found.append(Problem(severity, "code-invalid", valued.path, f"A code of {element.value_set} {verb}."))

    def _in_value_set(self, value: Any, canonical: str) -> bool | None:
        """Whether a code, Coding or CodeableConcept has a code of a value set; None when it cannot be expanded."""
        codes = self._code_set(canonical)
        if codes is None:
            return None
        if isinstance(value, str):
            return any(code == value for _, code in codes)
        if not isinstance(value, dict):
            return False
        codings = value.get("coding", []) if "coding" in value or "code" not in value else [value]
        return any((one.get("system"), one.get("code")) in codes for one in codings if isinstance(one, dict))

    def _codes(self, canonical: str) -> frozenset[tuple[str, str]] | None:
        try:
            return frozenset((one.system, one.code) for one in self._terminology.codes(canonical))
        except CannotExpand:
            return None

    def _conforms_to(self, value: Any, canonical: str) -> bool:
        root = self._known(canonical)
        if root is None or not isinstance(value, dict) or value.get("resourceType", root.name) != root.name:
            return False
        problems: list[Problem] = []
        self._children(value, root, root.name, value, problems)
        return not any(problem.is_error for problem in problems)


def _count(values: list[Valued], element: ProfileElement, path: str, found: list[Problem]) -> None:
    if len(values) < element.minimum:
        message = f"The profile asks for at least {element.minimum} {element.label}, found {len(values)}."
        found.append(Problem("error", "required", path, message))
    if element.maximum != "*" and len(values) > int(element.maximum):
        message = f"The profile allows at most {element.maximum} {element.label}, found {len(values)}."
        found.append(Problem("error", "structure", path, message))


def _has_no_code(value: Any) -> bool:
    """A CodeableConcept of text alone satisfies an extensible binding."""
    return isinstance(value, dict) and not value.get("coding") and "code" not in value
