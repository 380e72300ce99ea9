"""Implementation guides: FHIR packages (`.tgz`), read within bounds. https://hl7.org/fhir/packages.html"""

import gzip
import io
import re
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fhirspec import json

Json = dict[str, Any]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,127}").fullmatch

MAX_PACKED_BYTES = 64 * 1024 * 1024
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_FILES = 20_000
# What an installation uses; the rest of a package (examples, documentation) is counted and left.
CONFORMANCE_TYPES = frozenset(
    {
        "CapabilityStatement",
        "CodeSystem",
        "CompartmentDefinition",
        "ImplementationGuide",
        "OperationDefinition",
        "SearchParameter",
        "StructureDefinition",
        "ValueSet",
    }
)


class PackageProblem(ValueError):
    """A file that is not a FHIR package, or one that is out of bounds; the message says which and what to do."""


@dataclass(frozen=True)
class Package:
    """A package's conformance resources by canonical URL. `others` counts the resources that are not installed."""

    name: str
    version: str
    title: str
    fhir_versions: tuple[str, ...]
    dependencies: dict[str, str]
    resources: dict[str, Json] = field(default_factory=dict)
    others: int = 0

    def of_type(self, resource_type: str) -> list[Json]:
        """The resources of one type, sorted by canonical URL."""
        found = [one for one in self.resources.values() if one["resourceType"] == resource_type]
        return sorted(found, key=lambda one: str(one["url"]))

    @property
    def profiles(self) -> list[Json]:
        """The constraints on resource types (extensions and data types are in `of_type`)."""
        return [
            one
            for one in self.of_type("StructureDefinition")
            if one.get("derivation") == "constraint" and one.get("kind") == "resource"
        ]

    def find(self, canonical: str) -> Json | None:
        """The resource of a canonical URL, whatever version is asked for."""
        return self.resources.get(canonical.partition("|")[0])


def read_package(content: bytes) -> Package:
    """The package in a `.tgz`. Raises PackageProblem."""
    if len(content) > MAX_PACKED_BYTES:
        raise PackageProblem(f"The package is larger than {MAX_PACKED_BYTES} bytes")
    manifest: Json | None = None
    resources: dict[str, Json] = {}
    others = 0
    for name, body in _files(content):
        if name == "package/package.json":
            manifest = body
        elif body.get("resourceType") in CONFORMANCE_TYPES and isinstance(body.get("url"), str):
            resources[body["url"]] = body
        elif "resourceType" in body:
            others += 1
    if manifest is None:
        raise PackageProblem("The file is not a FHIR package: it has no package/package.json")
    return _package(manifest, resources, others)


def _package(manifest: Json, resources: dict[str, Json], others: int) -> Package:
    versions = manifest.get("fhirVersions") or manifest.get("fhir-version-list") or []
    versions = [versions] if isinstance(versions, str) else versions
    dependencies = manifest.get("dependencies") or {}
    if not isinstance(versions, list) or not isinstance(dependencies, dict):
        raise PackageProblem("package/package.json: fhirVersions is to be a list, dependencies an object")
    package = Package(
        name=str(manifest.get("name") or ""),
        version=str(manifest.get("version") or ""),
        title=str(manifest.get("title") or manifest.get("name") or ""),
        fhir_versions=tuple(str(one) for one in versions),
        dependencies={str(name): str(one) for name, one in dependencies.items()},
        resources=resources,
        others=others,
    )
    if not package.name or not package.version:
        raise PackageProblem("package/package.json needs a name and a version")
    # The name is a part of the address under which the guide is removed.
    if not _NAME(package.name) or not _NAME(package.version):
        raise PackageProblem(
            "package/package.json: a name and a version have letters, digits, “.”, “_”, “-” and “+” only,"
            f" not “{package.name}” and “{package.version}”"
        )
    if package.fhir_versions and not any(one.startswith("4.0") for one in package.fhir_versions):
        raise PackageProblem(
            f"The package is for FHIR {', '.join(package.fhir_versions)}; this server is R4 (4.0.1)"
        )
    return package


def _files(content: bytes) -> Iterator[tuple[str, Json]]:
    """The JSON files directly in `package/`, each within the bounds. Nothing is ever written to disk."""
    try:
        with tarfile.open(fileobj=_Unpacked(content), mode="r|") as archive:
            for number, member in enumerate(archive, start=1):
                if number > MAX_FILES:
                    raise PackageProblem(f"The package has more than {MAX_FILES} files")
                if _is_wanted(member):
                    yield member.name, _read(archive, member)
    except (tarfile.TarError, EOFError, OSError, zlib.error) as problem:
        raise PackageProblem(f"The file is not a gzipped tar archive: {problem}") from problem


class _Unpacked(io.RawIOBase):
    """What a gzip file unpacks to, as far as the bound: headers count too, which tarfile reads whole."""

    def __init__(self, content: bytes) -> None:
        self._file = gzip.GzipFile(fileobj=io.BytesIO(content))
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        part = self._file.read(size)
        self._read += len(part)
        if self._read > MAX_UNPACKED_BYTES:
            raise PackageProblem(f"The package unpacks to more than {MAX_UNPACKED_BYTES} bytes")
        return part


def _is_wanted(member: tarfile.TarInfo) -> bool:
    """Only plain files named `package/<name>.json`: links, devices and other folders are never looked at."""
    folder, _, name = member.name.partition("/")
    return member.isfile() and folder == "package" and "/" not in name and name.endswith(".json")


def _read(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Json:
    if member.size > MAX_FILE_BYTES:
        raise PackageProblem(f"{member.name} is larger than {MAX_FILE_BYTES} bytes")
    file = archive.extractfile(member)
    try:
        body = json.decode(file.read() if file else b"")
    except (ValueError, RecursionError) as problem:
        raise PackageProblem(f"{member.name} is not JSON: {problem}") from problem
    return body if isinstance(body, dict) else {}
