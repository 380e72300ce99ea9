"""Which slice a value belongs to: https://hl7.org/fhir/R4/profiling.html#discriminator"""

from collections.abc import Callable
from typing import Any

from fhirspec.validation.profiles.tree import ProfileElement
from fhirspec.validation.profiles.values import Valued, at_path, is_type, matches_pattern

# Whether a code is in a value set; None when nobody here can tell.
InValueSet = Callable[[Any, str], bool | None]
ConformsTo = Callable[[Any, str], bool]


class Slicer:
    """Finds slices by their discriminators, with what else is needed to tell them apart."""

    def __init__(self, in_value_set: InValueSet, conforms_to: ConformsTo) -> None:
        self._in_value_set = in_value_set
        self._conforms_to = conforms_to

    def slice_of(self, valued: Valued, element: ProfileElement) -> ProfileElement | None:
        """The slice of an element that a value belongs to; None when it is in none."""
        for one in element.slices.values():
            if all(self._fits(valued, one, kind, path) for kind, path in element.discriminators):
                return one
        return None

    def _fits(self, valued: Valued, one: ProfileElement, kind: str, path: str) -> bool:
        if kind == "type":
            return _has_type(valued, one, path)
        target = _below(one, path)
        actual = list(at_path(valued.value, path))
        if kind == "exists":
            return bool(actual) == (target is None or target.maximum != "0")
        if kind == "profile":
            return any(self._conforms_to(value, url) for value in actual for url in one.type_profiles)
        if one.name in ("extension", "modifierExtension") and path == "url":
            return valued.value.get("url") in _extension_urls(one)
        wanted = _wanted(one, path)
        if wanted is not None:
            exact, value = wanted
            return any(one == value if exact else matches_pattern(one, value) for one in actual)
        if target is not None and target.value_set:
            return any(self._in_value_set(value, target.value_set) for value in actual)
        return False


def _has_type(valued: Valued, one: ProfileElement, path: str) -> bool:
    if path not in ("$this", "") and isinstance(valued.value, dict):
        inner = next(at_path(valued.value, path), None)
        return isinstance(inner, dict) and inner.get("resourceType") in one.types
    if valued.type:
        return any(is_type(valued.type, kind) for kind in one.types)
    return isinstance(valued.value, dict) and valued.value.get("resourceType") in one.types


def _extension_urls(one: ProfileElement) -> list[Any]:
    """The URL that an extension's slice says, or that of the extension's own definition."""
    inner = one.children.get("url")
    if inner is not None and inner.fixed is not None:
        return [inner.fixed]
    return [url.partition("|")[0] for url in one.type_profiles]


def _below(one: ProfileElement, path: str) -> ProfileElement | None:
    node: ProfileElement | None = one
    for step in () if path in ("$this", "") else path.split("."):
        node = node and (node.children.get(step) or node.children.get(f"{step}[x]"))
    return node


def _wanted(one: ProfileElement, path: str) -> tuple[bool, Any] | None:
    """What a slice says stands at a path, and whether exactly that: by the element there, or by a pattern above it."""
    steps = [] if path in ("$this", "") else path.split(".")
    nodes = [one]
    for at in range(len(steps) + 1):
        rest = ".".join(steps[at:])
        for node in nodes:
            for exact, value in ((True, node.fixed), (False, node.pattern)):
                found = next(at_path(value, rest), None) if value is not None else None
                if found is not None:
                    return exact, found
        if at < len(steps):
            nodes = [below for node in nodes for below in _children_named(node, steps[at])]
    return None


def _children_named(node: ProfileElement, name: str) -> list[ProfileElement]:
    """The element below, and its slices: they may be what says the value (`code.coding:SBPCode.code`)."""
    child = node.children.get(name) or node.children.get(f"{name}[x]")
    return [child, *child.slices.values()] if child else []
