"""What can be searched on a target: the parameters of a type, and those at the end of a path through references."""

from collections.abc import Sequence
from dataclasses import replace

from explorer import definitions
from explorer.bench import Bench
from explorer.building.chains import SearchPath, parse_path
from explorer.building.fields import SearchParameterFacts, prefixes_of
from explorer.models import ForeignServer

# What shapes a result rather than finds it has fields of its own.
_SHAPING = (
    "_include", "_revinclude", "_sort", "_count", "_summary", "_elements", "_total", "_format", "_pretty", "_contained",
)  # fmt: skip
_UNLISTED = "The server's CapabilityStatement does not list it."


def table_of(bench: Bench) -> list[SearchParameterFacts]:
    """All that R4 and the server know to search the type by, those of R4 that nothing here searches with the reason."""
    embedded = not isinstance(bench.deployment, ForeignServer) and bench.deployment.partition is not None
    refused = definitions.unsearched(bench.resource_type) if embedded else ()
    codes = {each.code for each in refused}
    return [each for each in parameters_of(bench) if each.code not in codes] + list(refused)


def parameters_of(bench: Bench, resource_type: str = "") -> list[SearchParameterFacts]:
    """Search parameters of a type (the bench's own by default): those of R4, marked as supported here or not, and the server's own."""
    resource_type = resource_type or bench.resource_type
    stated = bench.capabilities.resources.get(resource_type, {}).get("searchParam", ())
    by_code = {str(each.get("name", "")): each for each in stated}
    known = definitions.parameters(resource_type or "Bundle")
    if not resource_type:
        known = tuple(each for each in known if each.code.startswith("_"))
    found = [
        each if not stated or each.code in by_code else replace(each, supported=False, reason=_UNLISTED)
        for each in known
    ]
    codes = {each.code for each in known}
    return found + [
        SearchParameterFacts(
            code=code,
            kind=str(each.get("type", "string")),
            description=str(each.get("documentation", "")),
            url=str(each.get("definition", "")),
            prefixes=prefixes_of(str(each.get("type", ""))),
            modifiers=() if each.get("type") == "special" else ("missing",),
            example=definitions.plain_example(code, str(each.get("type", ""))),
        )
        for code, each in by_code.items()
        if code not in codes and not code.startswith(_SHAPING)
    ]


def find_parameter(bench: Bench, resource_types: Sequence[str], code: str) -> SearchParameterFacts | None:
    """The parameter of the first of these types that has it."""
    for name in resource_types:
        for each in parameters_of(bench, name):
            if each.code == code:
                return each
    return None


def types_after(bench: Bench, path: SearchPath) -> tuple[str, ...]:
    """The resource types that a path's last hop may lead to; none where it goes wrong."""
    here: tuple[str, ...] = (bench.resource_type,) if bench.resource_type else ()
    for hop in path.hops:
        if hop.type:
            here = (hop.type,) if definitions.is_resource_type(hop.type) else ()
        else:
            reference = find_parameter(bench, here, hop.code)
            here = reference.targets if reference else ()
    return here


def facts_of(bench: Bench, code: str) -> SearchParameterFacts | None:
    """What is asked by a parameter's name without its modifier, also at the end of a chain or `_has`."""
    path = parse_path(code)
    found = find_parameter(bench, types_after(bench, path), path.code) if path.code else None
    return replace(found, code=code) if found else None
