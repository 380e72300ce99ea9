"""What the engine keeps of an installed guide."""

import msgspec

from fhirspec.definitions import SearchParameter
from fhirspec.hashing import hash64


class Brought(msgspec.Struct, frozen=True, array_like=True):
    """A resource that a guide brought into the partition. `version`: its business version, empty where it has none."""

    type: str
    logical_id: str
    url: str
    version: str

    @property
    def rid(self) -> int:
        return hash64(f"{self.type}/{self.logical_id}")


class LeftOut(msgspec.Struct, frozen=True, array_like=True):
    """A resource of the package, or one use of it, that this server makes no use of, and why."""

    name: str
    reason: str


class Guide(msgspec.Struct, frozen=True):
    """`installed` in microseconds since 1970. `parameters`: those that need rows of their own, one for each type. `dependencies`: package
    name to version. `profiles`: resource type to the canonical URLs of its profiles. `instantiates`: the CapabilityStatements for servers."""

    name: str
    version: str
    title: str
    canonical: str
    installed: int
    dependencies: dict[str, str]
    resources: tuple[Brought, ...]
    parameters: tuple[SearchParameter, ...]
    profiles: dict[str, tuple[str, ...]]
    instantiates: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()

    def count(self, resource_type: str) -> int:
        """How many resources of a type it brought."""
        return sum(one.type == resource_type for one in self.resources)
