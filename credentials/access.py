"""What a credential may do: everything, read only, or chosen interactions on chosen resource types.

Stored as JSON, one of:
    {"kind": "full"}
    {"kind": "read-only"}
    {"kind": "chosen", "types": {"Patient": "rs", "Observation": "cruds", "*": "r"}}
The letters are those of SMART App Launch 2 scopes: create, read, update, delete, search.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from deployments.resource_types import is_resource_type, no_resource_type

INTERACTIONS = "cruds"
READ_INTERACTIONS = "rs"
EVERY_TYPE = "*"
_TYPE_NAME = re.compile(r"[A-Z][A-Za-z]{1,63}")


class AccessKind(StrEnum):
    FULL = "full"
    READ_ONLY = "read-only"
    CHOSEN = "chosen"


class InvalidAccess(ValueError):
    """The access asked for makes no sense; the message says why."""


@dataclass(frozen=True, slots=True)
class Access:
    """`types` maps a resource type (or `*`) to letters of `cruds`; it is empty unless the kind is CHOSEN."""

    kind: AccessKind
    types: Mapping[str, str] = field(default_factory=dict)

    def allows(self, resource_type: str, interaction: str) -> bool:
        """`interaction` is one letter of `cruds`."""
        return interaction in self.interactions_on(resource_type)

    def interactions_on(self, resource_type: str) -> str:
        if self.kind is AccessKind.FULL:
            return INTERACTIONS
        if self.kind is AccessKind.READ_ONLY:
            return READ_INTERACTIONS
        letters = self.types.get(resource_type, "") + self.types.get(EVERY_TYPE, "")
        return "".join(letter for letter in INTERACTIONS if letter in letters)

    def narrows(self, other: "Access") -> bool:
        """Whether this access allows nothing that `other` does not allow."""
        names = {EVERY_TYPE, *self.types, *other.types}
        return all(set(self.interactions_on(name)) <= set(other.interactions_on(name)) for name in names)

    def as_json(self) -> dict[str, Any]:
        if self.kind is AccessKind.CHOSEN:
            return {"kind": self.kind.value, "types": dict(self.types)}
        return {"kind": self.kind.value}

    def __str__(self) -> str:
        if self.kind is AccessKind.FULL:
            return "Full"
        if self.kind is AccessKind.READ_ONLY:
            return "Read only"
        return ", ".join(f"{name}.{letters}" for name, letters in sorted(self.types.items()))


FULL = Access(AccessKind.FULL)
READ_ONLY = Access(AccessKind.READ_ONLY)


def chosen(types: Mapping[str, str]) -> Access:
    """Access to chosen types; raises InvalidAccess when a name or a letter is not one, or nothing is chosen."""
    ordered: dict[str, str] = {}
    for name, letters in types.items():
        if name != EVERY_TYPE and not _TYPE_NAME.fullmatch(name):
            raise _no_type(name)
        if unknown := set(letters) - set(INTERACTIONS):
            raise InvalidAccess(f"“{''.join(sorted(unknown))}” is not one of c, r, u, d and s.")
        if letters:
            ordered[name] = "".join(letter for letter in INTERACTIONS if letter in letters)
    if not ordered:
        raise InvalidAccess("Choose at least one resource type and one interaction.")
    return Access(AccessKind.CHOSEN, ordered)


def _no_type(name: str) -> InvalidAccess:
    return InvalidAccess(no_resource_type(name, f"“{name}”"))


def check_types(access: Access) -> Access:
    """The access again; raises InvalidAccess when it names a type that no deployment can hold."""
    for name in access.types:
        if name != EVERY_TYPE and not is_resource_type(name):
            raise _no_type(name)
    return access


def parse_access(stored: Mapping[str, Any]) -> Access:
    """The access in its JSON form; raises InvalidAccess for anything else (fail closed)."""
    kind = stored.get("kind")
    if kind == AccessKind.FULL:
        return FULL
    if kind == AccessKind.READ_ONLY:
        return READ_ONLY
    if kind == AccessKind.CHOSEN and isinstance(stored.get("types"), dict):
        return chosen(stored["types"])
    raise InvalidAccess(f"“{kind}” is not a kind of access.")
