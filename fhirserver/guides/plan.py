"""What an installation will do with each resource of a package. Decided before anything is stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhirserver.guides.guide import Brought, Guide, LeftOut
from fhirserver.indexing.definitions import Reading, component_codes, readings
from fhirserver.indexing.definitions import parameter as official_parameter
from fhirserver.store import now_us
from fhirserver.writing import is_id
from fhirspec.build import search_parameter
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import SearchParameter
from fhirspec.package import Package
from fhirspec.searchparams import unsupported_reason
from fhirspec.searchparams.parse import split_union
from fhirspec.validation import validate

Resource = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """The guide as it will be, and the resources to store."""

    guide: Guide
    resources: list[Resource]


def plan(package: Package) -> Plan:
    """Pure: looks at the package and the catalogue only."""
    kept: list[Resource] = []
    left_out: list[LeftOut] = []
    for resource in package.resources.values():
        reason = _unusable(resource)
        if reason:
            left_out.append(LeftOut(f"{resource['resourceType']} {resource['url']}", reason))
        else:
            kept.append(resource)
    parameters = list(_parameters(package, kept, left_out))
    guide = Guide(
        name=package.name,
        version=package.version,
        title=package.title,
        canonical=_canonical(package),
        installed=now_us(),
        dependencies=package.dependencies,
        resources=tuple(
            Brought(one["resourceType"], one["id"], one["url"], str(one.get("version", ""))) for one in kept
        ),
        parameters=tuple(parameters),
        profiles=_profiles(kept),
        instantiates=tuple(one["url"] for one in kept if _is_for_servers(one)),
        left_out=tuple(left_out),
    )
    return Plan(guide, kept)


def _unusable(resource: Resource) -> str:
    if not is_id(resource.get("id")):
        return "It has no valid id."
    problem = next((one for one in validate(resource, resource["resourceType"]) if one.is_error), None)
    return f"It is not valid R4: {problem.path}: {problem.message}" if problem else ""


def _canonical(package: Package) -> str:
    found = next(iter(package.of_type("ImplementationGuide")), None)
    return str(found["url"]) if found else ""


def _is_for_servers(resource: Resource) -> bool:
    return resource["resourceType"] == "CapabilityStatement" and any(
        rest.get("mode") == "server" for rest in resource.get("rest", ())
    )


def _profiles(resources: list[Resource]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in resources:
        is_profile = one["resourceType"] == "StructureDefinition" and one.get("derivation") == "constraint"
        if is_profile and one["kind"] == "resource" and not one["abstract"]:
            found[one["type"]] = tuple(sorted((*found.get(one["type"], ()), one["url"])))
    return found


def _parameters(package: Package, kept: list[Resource], left_out: list[LeftOut]) -> Iterator[SearchParameter]:
    """What is searched beyond R4's own parameters."""
    known = get_catalogue().resource_type_set
    for definition in (one for one in kept if one["resourceType"] == "SearchParameter"):
        for base in definition.get("base", ()):
            if base not in known:
                left_out.append(LeftOut(f"{base}: {definition['code']}", "Only single types are extended."))
                continue
            one = _beyond_r4(search_parameter(definition, base))
            reason = _unsearchable(one) if one is not None else ""
            if reason:
                left_out.append(LeftOut(f"{base}: {definition['code']}", reason))
            elif one is not None:
                yield one


def _beyond_r4(one: SearchParameter) -> SearchParameter | None:
    """The part of a parameter that R4's own of this code does not find; None when nothing is left."""
    official = official_parameter(one.base, one.code)
    if official is None:
        return one
    theirs = {part.replace(" ", "") for part in split_union(official.expression)}
    names = {f"{one.base}.{part.partition('.')[2]}" for part in theirs if part.startswith("Resource.")}
    more = [part for part in split_union(one.expression) if part.replace(" ", "") not in theirs | names]
    if not more:
        return None
    return SearchParameter(
        one.code, one.type, one.url, one.base, " | ".join(more), one.description, one.targets
    )


def _unsearchable(one: SearchParameter) -> str:
    official = official_parameter(one.base, one.code)
    if official is not None and official.type != one.type:
        return f"R4's own parameter of this name is a {official.type}, this one a {one.type}."
    if official is not None and Reading(one.code) not in readings(one.base, one.code):
        return "R4's own parameter of this name is searched through others and cannot be extended."
    if one.type == "special":
        return "Its meaning is in its text only."
    if one.type == "composite":
        if len(component_codes(one, one.base)) != 2:
            return "Only composites of two of R4's own parameters are searched."
    elif not one.expression:
        return "It has no expression for this type."
    return unsupported_reason(one)
