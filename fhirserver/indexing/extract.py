"""All index rows of one version of a resource."""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any

from fhirserver.indexing.builder import Builder, Within
from fhirserver.indexing.contained import contained_rid, turned
from fhirserver.indexing.definitions import composed_types, indexed, nested, rank_parameter, readings
from fhirserver.indexing.keys import OPEN_HIGH, OPEN_LOW, compartment_key, type_key
from fhirserver.indexing.params import (
    composite,
    date,
    number,
    quantity,
    reference,
    special,
    string,
    token,
    uri,
)
from fhirserver.rows import Contained, DateRow, IndexRows, param_code
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import SearchParameter
from fhirspec.hashing import hash64
from fhirspec.searchparams import Found, composite_extractor, extractor, first_members

Step = Callable[[Builder, dict[str, Any]], None]
Index = Callable[[Builder, str, str, list[Found]], None]

_BY_TYPE: dict[str, Index] = {
    "string": string.index,
    "token": token.index,
    "date": date.index,
    "number": number.index,
    "quantity": quantity.index,
    "reference": reference.index,
    "uri": uri.index,
}
PATIENT = "Patient"


def index_rows(
    resource: dict[str, Any],
    rid: int,
    updated: int,
    added: tuple[SearchParameter, ...] = (),
    base: str = "",
) -> IndexRows:
    """The rows of a valid resource; `added` are the parameters that guides add to its type, `base` is the endpoint's address.

    `rank` is its clinical date in microseconds, None when it has none.
    """
    resource_type = resource["resourceType"]
    within = _within(resource, base)
    into = _gathered(resource, added, within)
    patients = _patients(into, resource_type, resource.get("id", ""))
    _add_compartments(into, patients, resource_type)
    contained = _contained(resource, rid, within, patients) if within.holder else []
    return into.rows(_rank(into, resource_type), contained)


def _within(resource: dict[str, Any], base: str) -> Within:
    base = f"{base}/" if base else ""
    if "contained" not in resource:
        return Within(base=base)
    kinds = {one.get("id", ""): one.get("resourceType", "") for one in resource["contained"]}
    return Within(f"{resource['resourceType']}/{resource.get('id', '')}", kinds, base)


def _gathered(resource: dict[str, Any], added: tuple[SearchParameter, ...], within: Within) -> Builder:
    resource_type = resource["resourceType"]
    into = Builder(within)
    into.postings.add(type_key(resource_type))
    for step in _steps_for(resource_type, added, frozenset(resource)):
        step(into, resource)
    return into


def _add_compartments(into: Builder, patients: set[str], resource_type: str) -> None:
    for patient in patients:
        into.postings.add(compartment_key(PATIENT, patient, resource_type))
        into.postings.add(compartment_key(PATIENT, patient))


def _contained(resource: dict[str, Any], rid: int, within: Within, patients: set[str]) -> list[Contained]:
    """Each contained resource by its own elements; what guides add to search by is not looked for in it."""
    resource_type = resource["resourceType"]
    keys = [type_key(resource_type)]
    keys += [compartment_key(PATIENT, patient, resource_type) for patient in patients]
    found: dict[int, Contained] = {}
    for one in resource["contained"]:
        kind, logical_id = one.get("resourceType"), one.get("id", "")
        if kind not in get_catalogue().resource_type_set:
            continue
        into = _gathered(one, (), within)
        # Its id is only one within its holder: a contained Patient has no compartment.
        _add_compartments(into, _patients(into, kind, ""), kind)
        number = contained_rid(within.holder, f"#{logical_id}")
        found[number] = turned(into.rows(None, []), number, f"{kind}/{logical_id}", rid, keys)
    return list(found.values())


@lru_cache(maxsize=8192)
def _steps_for(
    resource_type: str, added: tuple[SearchParameter, ...], members: frozenset[str]
) -> tuple[Step, ...]:
    """What indexes a resource of a type that has these members; most resources of a type have the same."""
    return tuple(
        step for wanted, step in _steps(resource_type, added) if not wanted or not wanted.isdisjoint(members)
    )


@lru_cache(maxsize=512)
def _steps(resource_type: str, added: tuple[SearchParameter, ...]) -> tuple[tuple[frozenset[str], Step], ...]:
    """What indexes a type, each with the members of which a resource must have one for it (empty: none)."""
    steps = [
        (first_members(parameter), one)
        for parameter in (*indexed(resource_type), *added)
        for one in _steps_of(parameter, resource_type)
    ]
    if resource_type == "List":
        steps.append((frozenset({"entry"}), special.index_list))
    if resource_type == "Location":
        steps.append((frozenset({"position"}), special.index_position))
    return tuple(steps)


def _steps_of(parameter: SearchParameter, resource_type: str) -> Iterator[Step]:
    if parameter.type == "composite":
        inner = nested(parameter)
        kinds = composed_types(parameter, resource_type)
        if inner is not None and kinds:
            yield partial(_composite, resource_type, parameter.code, kinds, composite_extractor(inner))
        return
    yield partial(_simple, resource_type, parameter.code, extractor(parameter), _BY_TYPE[parameter.type])


def _simple(
    resource_type: str,
    code: str,
    extract: Callable[[dict[str, Any]], list[Found]],
    index: Index,
    into: Builder,
    resource: dict[str, Any],
) -> None:
    found = extract(resource)
    if found:
        index(into, resource_type, code, found)


def _composite(
    resource_type: str,
    code: str,
    kinds: tuple[str, ...],
    extract: Callable[[dict[str, Any]], list[tuple[list[Found], ...]]],
    into: Builder,
    resource: dict[str, Any],
) -> None:
    nodes = extract(resource)
    if nodes:
        composite.index(into, resource_type, code, kinds, nodes)


@lru_cache(maxsize=512)
def compartment_codes(compartment_type: str, resource_type: str) -> tuple[str, ...]:
    """The indexed parameters that put a resource into a compartment."""
    codes = get_catalogue().compartment(compartment_type).get(resource_type, ())
    known = get_catalogue().search_parameters(resource_type)
    found = [one.code for code in codes if code in known for one in readings(resource_type, code)]
    return tuple(dict.fromkeys(found))


def patients_of(resource: dict[str, Any], base: str = "") -> set[str]:
    """The logical ids of the patients in whose compartments a valid resource is."""
    resource_type = resource["resourceType"]
    codes, into = compartment_codes(PATIENT, resource_type), Builder(_within(resource, base))
    for parameter in indexed(resource_type):
        if parameter.code in codes:
            for step in _steps_of(parameter, resource_type):
                step(into, resource)
    return _patients(into, resource_type, resource.get("id", ""))


def _patients(into: Builder, resource_type: str, logical_id: str) -> set[str]:
    """The patients in whose compartments the resource is."""
    patients = {
        found_id
        for code in compartment_codes(PATIENT, resource_type)
        for target_type, found_id in into.targets.get(code, ())
        if target_type == PATIENT
    }
    if resource_type == PATIENT and logical_id:
        patients.add(logical_id)
    return patients


def _rank(into: Builder, resource_type: str) -> int | None:
    code = rank_parameter(resource_type)
    if not code:
        return None
    param = param_code(resource_type, code)
    return min((_instant(row) for row in into.dates if row.param == param), default=None)


def _instant(row: DateRow) -> int:
    """Where a span stands in the order: at its start, or at its end when it has no start."""
    return row.low if row.low != OPEN_LOW or row.high == OPEN_HIGH else row.high


def in_compartment(rows: IndexRows, compartment_type: str, logical_id: str, resource_type: str) -> bool:
    """Whether a resource with these rows is in the compartment."""
    if compartment_type == PATIENT:
        return compartment_key(PATIENT, logical_id, resource_type) in rows.postings
    target = hash64(f"{compartment_type}/{logical_id}")
    params = {param_code(resource_type, code) for code in compartment_codes(compartment_type, resource_type)}
    return any(row.param in params and row.target == target for row in rows.references)
