"""reference: by target, by the target's id alone where it may be of several types, by identifier and by the text that goes with it.

https://hl7.org/fhir/R4/search.html#reference
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from fhirserver.indexing.builder import Builder
from fhirserver.indexing.contained import contained_rid
from fhirserver.indexing.keys import Variant, present_key, value_key
from fhirserver.indexing.params import token
from fhirserver.indexing.params.string import folded
from fhirserver.rows import ReferenceRow, StringRow, param_code
from fhirspec.catalogue import get_catalogue
from fhirspec.hashing import hash64
from fhirspec.searchparams import Found
from fhirspec.searchparams.compile import reference_type

_LOCAL = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]+)?")
_VERSION = re.compile(r"/_history/[^/]+$")


class Pointer(NamedTuple):
    """What a reference points to: `target` is its hash; type and id are empty for what lies on another server."""

    target: int
    type: str
    logical_id: str


@lru_cache(maxsize=65536)
def pointer_of(text: str) -> Pointer | None:
    """The target of `Patient/1`, `Patient/1/_history/2` or an absolute URL; None for a contained resource."""
    if not text or text.startswith("#"):
        return None
    local = _LOCAL.fullmatch(text)
    if local is None:
        return Pointer(hash64(_VERSION.sub("", text)), "", "")
    resource_type, logical_id = local.groups()
    return Pointer(hash64(f"{resource_type}/{logical_id}"), resource_type, logical_id)


def canonical_names(text: str) -> set[str]:
    """By what an address with a version is found: without the version, and by all that it begins with (`url|1.` for `url|1.2`)."""
    address, _, version = text.partition("|")
    begins = [version[: at + 1] for at, sign in enumerate(version) if sign == "."]
    return {text, address, *(f"{address}|{one}" for one in begins)}


def names_below(text: str) -> tuple[str, ...]:
    """By what all versions of a canonical address are found that begin with the one it has: `url|1` leads to `url|1.2`, not to `url|10`."""
    return (text, f"{text}.") if "|" in text else (text,)


def by_id(logical_id: str) -> Variant:
    return ("id", logical_id)


def by_target(pointer: Pointer) -> Variant:
    """Within a composite."""
    return ("target", str(pointer.target))


def by_identifier(variant: Variant) -> Variant:
    return ("identifier", *variant)


def index(into: Builder, resource_type: str, code: str, found: list[Found]) -> None:
    param = param_code(resource_type, code)
    into.postings.add(present_key(resource_type, code))
    for kind, value in found:
        if isinstance(value, dict):
            reference = _to_entry(resource_type, code, value) if "resourceType" in value else value
            _index_reference(into, resource_type, code, param, reference)
        elif isinstance(value, str):
            value = value.removeprefix(into.within.base)
            names = canonical_names(value) if kind == "canonical" else {value}
            pointers = [pointer for pointer in map(pointer_of, names) if pointer]
            into.references.update([ReferenceRow(param, pointer.target) for pointer in pointers])
            ids = {pointer.logical_id for pointer in pointers if pointer.type}
            into.postings.update([value_key(resource_type, code, by_id(one)) for one in ids])
            _index_within(into, param, value)


def _index_within(into: Builder, param: int, text: str) -> None:
    """A reference to what the same resource contains, or back to it."""
    holder = into.within.holder
    if holder and text.startswith("#"):
        into.references.add(ReferenceRow(param, contained_rid(holder, text)))


def _to_entry(resource_type: str, code: str, entry: dict[str, Any]) -> dict[str, Any]:
    """`composition` and `message` of a Bundle find its first resource itself, when it is of the type they are for."""
    kind, logical_id = entry["resourceType"], entry.get("id", "")
    is_meant = kind in get_catalogue().search_parameters(resource_type)[code].targets
    return {"reference": f"{kind}/{logical_id}"} if is_meant and logical_id else {}


def _index_reference(into: Builder, resource_type: str, code: str, param: int, value: dict[str, Any]) -> None:
    text = value.get("reference", "").removeprefix(into.within.base)
    pointer = pointer_of(text)
    if pointer is not None:
        into.references.add(ReferenceRow(param, pointer.target))
        if pointer.type:
            into.postings.add(value_key(resource_type, code, by_id(pointer.logical_id)))
            into.targets.setdefault(code, set()).add((pointer.type, pointer.logical_id))
    else:
        _index_within(into, param, text)
    contained = "" if pointer else into.within.contained.get(text.removeprefix("#"), "")
    # Also what lies on another server says in its address what it is.
    if target_type := contained or reference_type(value):
        into.postings.add(present_key(resource_type, code, target_type))
    if display := value.get("display"):
        into.strings.add(StringRow(token.text_param(resource_type, code), folded(display)))
    identifier = value.get("identifier")
    if identifier:
        for variant in token.variants([Found("Identifier", identifier)]):
            into.postings.add(value_key(resource_type, code, by_identifier(variant)))
