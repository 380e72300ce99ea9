"""What a caller may do in a partition. The engine knows no users or tokens: the gateway turns them into a grant.

Everything fails closed: without a permission that names the type and the interaction, the answer is no.
"""

from collections.abc import Iterable
from dataclasses import dataclass

CREATE, READ, UPDATE, DELETE, SEARCH = "c", "r", "u", "d", "s"
ALL_INTERACTIONS = frozenset("cruds")
READ_INTERACTIONS = frozenset("rs")
ANY_TYPE = "*"


@dataclass(frozen=True, slots=True)
class Permission:
    """One line of a grant.

    `resource_type`: a type or `*`. `interactions`: of c, r, u, d, s (SMART v2). `compartment`: confines it to what lies in, for
    instance, ("Patient", "123"). `restriction`: a search query that a resource must match (`category=laboratory`).
    """

    resource_type: str
    interactions: frozenset[str]
    compartment: tuple[str, str] | None = None
    restriction: str | None = None

    def covers(self, resource_type: str, interaction: str) -> bool:
        return interaction in self.interactions and self.resource_type in (ANY_TYPE, resource_type)


@dataclass(frozen=True, slots=True)
class AccessGrant:
    """The union of its permissions. `own`: the one resource that says who the caller is (`Practitioner/7`), which may be read as well."""

    permissions: tuple[Permission, ...]
    own: str = ""

    def for_interaction(self, resource_type: str, interaction: str) -> tuple[Permission, ...]:
        """The permissions that may let this interaction on this type pass; empty: refused."""
        return tuple(one for one in self.permissions if one.covers(resource_type, interaction))

    def allows(self, resource_type: str, interaction: str) -> bool:
        """Whether any resource of the type may be touched so (which of them, the permissions say)."""
        if any(one.covers(resource_type, interaction) for one in self.permissions):
            return True
        return interaction == READ and self.own.partition("/")[0] == resource_type != ""

    def is_unconfined(self, resource_type: str, interaction: str) -> bool:
        """Whether every resource of the type may be touched so."""
        return any(
            one.compartment is None and one.restriction is None and one.covers(resource_type, interaction)
            for one in self.permissions
        )

    def types(self, interaction: str, among: Iterable[str]) -> list[str]:
        return [name for name in among if self.allows(name, interaction)]


FULL = AccessGrant((Permission(ANY_TYPE, ALL_INTERACTIONS),))
READ_ONLY = AccessGrant((Permission(ANY_TYPE, READ_INTERACTIONS),))
NOTHING = AccessGrant(())
