"""The catalogue of R4 definitions, read lazily from the directory that `manage.py build_catalogue` made."""

import json
import os
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from fhirspec.build import INDEX_FILE
from fhirspec.definitions import Index, Operation, SearchParameter, TypeDefinition

FHIR_VERSION = "4.0.1"


class CatalogueMissing(RuntimeError):
    """The catalogue was not built; the message says how to build it."""

    def __init__(self, directory: Path) -> None:
        super().__init__(f"No FHIR catalogue in {directory}. Mend: python manage.py build_catalogue")


class Catalogue:
    """Read-only access to the definitions. One type's file is read when it is first asked for, then kept."""

    fhir_version = FHIR_VERSION

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._types: dict[str, TypeDefinition] = {}

    @cached_property
    def _index(self) -> Index:
        try:
            return msgspec.msgpack.decode((self.directory / INDEX_FILE).read_bytes(), type=Index)
        except FileNotFoundError:
            raise CatalogueMissing(self.directory) from None

    @property
    def resource_types(self) -> tuple[str, ...]:
        """The concrete resource types, sorted."""
        return self._index.resource_types

    @cached_property
    def resource_type_set(self) -> frozenset[str]:
        return frozenset(self.resource_types)

    @property
    def data_types(self) -> tuple[str, ...]:
        """Primitive and complex data types, sorted."""
        return self._index.data_types

    def type_definition(self, name: str) -> TypeDefinition:
        """The definition of a resource or data type. KeyError if R4 has no such type."""
        if name not in self._types:
            if not name.isalnum():
                raise KeyError(name)
            try:
                raw = (self.directory / "types" / f"{name}.msgpack").read_bytes()
            except FileNotFoundError:
                raise KeyError(name) from None
            self._types[name] = msgspec.msgpack.decode(raw, type=TypeDefinition)
        return self._types[name]

    @lru_cache(maxsize=256)  # noqa: B019 (one catalogue lives as long as the process)
    def search_parameters(self, resource_type: str) -> Mapping[str, SearchParameter]:
        """The search parameters of a resource type by code, `_id` and the like included. KeyError for another name."""
        found = self._index.search_parameters[resource_type]
        return MappingProxyType({one.code: one for one in found})

    def compartment(self, name: str) -> Mapping[str, tuple[str, ...]]:
        """Resource type to the search parameters that put it into this compartment (`{def}`: the resource itself)."""
        return MappingProxyType(self._index.compartments[name])

    @property
    def compartments(self) -> tuple[str, ...]:
        return tuple(sorted(self._index.compartments))

    @property
    def operations(self) -> tuple[Operation, ...]:
        return self._index.operations

    def operation(self, code: str, resource_type: str = "") -> Operation | None:
        """The official operation of this code for the type (`Resource` where it is for all types)."""
        wanted = (resource_type, "Resource")
        return next(
            (one for one in self.operations if one.code == code and set(one.resources) & set(wanted)), None
        )

    def canonical(self, url: str) -> dict[str, Any] | None:
        """The whole official resource of a canonical URL (value set, code system, structure); version ignored."""
        name = self._index.canonicals.get(url.partition("|")[0])
        if name is None:
            return None
        return json.loads((self.directory / "canonical" / name).read_text())  # type: ignore[no-any-return]

    @property
    def code_systems(self) -> tuple[tuple[str, str], ...]:
        """URL and version of every code system whose codes are here, sorted."""
        return self._index.code_systems

    def canonicals(self) -> tuple[str, ...]:
        """Every canonical URL that `canonical` answers."""
        return tuple(self._index.canonicals)


_configured: list[Path] = []


def configure(directory: Path) -> None:
    """Say where the catalogue lies; called once when the process starts."""
    _configured[:] = [directory]
    get_catalogue.cache_clear()


@lru_cache(maxsize=1)
def get_catalogue() -> Catalogue:
    """The process's catalogue: of `configure`, else below FIRESIDE_HOME."""
    if _configured:
        return Catalogue(_configured[0])
    return Catalogue(Path(os.environ.get("FIRESIDE_HOME", "var")) / "catalogue")
