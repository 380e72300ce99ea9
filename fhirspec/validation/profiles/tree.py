"""A profile's snapshot as a tree of elements, slices beside the element that they slice."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fhirspec.definitions import Constraint

Json = dict[str, Any]


class UnusableProfile(ValueError):
    """A profile that cannot be checked against; the message says why."""


@dataclass(slots=True)
class ProfileElement:
    """One element of a profile. `fixed` and `pattern` are None where the profile does not say a value."""

    name: str
    path: str
    slice_name: str
    minimum: int
    maximum: str
    types: tuple[str, ...]
    type_profiles: tuple[str, ...]
    fixed: Any
    pattern: Any
    binding_strength: str
    value_set: str
    is_must_support: bool
    discriminators: tuple[tuple[str, str], ...]
    is_closed: bool
    constraints: tuple[Constraint, ...]
    children: dict[str, "ProfileElement"] = field(default_factory=dict)
    slices: dict[str, "ProfileElement"] = field(default_factory=dict)

    @property
    def is_choice(self) -> bool:
        return self.name.endswith("[x]")

    @property
    def label(self) -> str:
        return f"{self.name.removesuffix('[x]')}" + (f":{self.slice_name}" if self.slice_name else "")


def read_profile(definition: Json) -> ProfileElement:
    """The root element of a profile's snapshot. UnusableProfile when it has none."""
    elements = (definition.get("snapshot") or {}).get("element")
    if not elements:
        raise UnusableProfile(f"{definition.get('url')} has no snapshot")
    root = _element(elements[0])
    for raw in elements[1:]:
        _place(root, raw)
    return root


def _place(root: ProfileElement, raw: Json) -> None:
    """Find the parent by the steps of the element's id (`Observation.category:VSCat.coding`)."""
    node = root
    steps = str(raw.get("id") or raw["path"]).split(".")[1:]
    for step in steps[:-1]:
        name, _, slice_name = step.partition(":")
        child = node.children.get(name) or node.children.get(f"{name}[x]")
        if child is None:
            return
        node = child.slices.get(slice_name, child) if slice_name else child
    made = _element(raw)
    name, _, slice_name = steps[-1].partition(":")
    if slice_name and name in node.children:
        node.children[name].slices[slice_name] = made
    else:
        node.children[name] = made


def _element(raw: Json) -> ProfileElement:
    types = raw.get("type", ())
    binding = raw.get("binding", {})
    slicing = raw.get("slicing", {})
    return ProfileElement(
        name=raw["path"].rpartition(".")[2],
        path=raw["path"],
        slice_name=raw.get("sliceName", ""),
        minimum=raw.get("min", 0),
        maximum=raw.get("max", "*"),
        types=tuple(one["code"] for one in types),
        type_profiles=tuple(url for one in types for url in one.get("profile", ())),
        fixed=_valued(raw, "fixed"),
        pattern=_valued(raw, "pattern"),
        binding_strength=binding.get("strength", ""),
        value_set=str(binding.get("valueSet", "")).partition("|")[0],
        is_must_support=raw.get("mustSupport", False),
        discriminators=tuple((one["type"], one["path"]) for one in slicing.get("discriminator", ())),
        is_closed=slicing.get("rules") == "closed",
        constraints=tuple(
            Constraint(rule["key"], rule["severity"], rule["human"], rule["expression"])
            for rule in raw.get("constraint", ())
            if rule.get("expression")
        ),
    )


def _valued(raw: Json, start: str) -> Any:
    """The value of `fixed[x]` or `pattern[x]`, whatever its type."""
    return next((value for name, value in raw.items() if name.startswith(start)), None)


def must_support(element: ProfileElement) -> Iterator[ProfileElement]:
    """Every must-support element below this one, slices too, in the order of the profile."""
    for child in element.children.values():
        for one in (child, *child.slices.values()):
            if one.is_must_support:
                yield one
            yield from must_support(one)
