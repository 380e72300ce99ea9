"""token: codes, identifiers, contact points and flags, by code, by system, by both, by identifier type and by text.

https://hl7.org/fhir/R4/search.html#token. When in doubt the specification asks for matching without case; systems keep theirs.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fhirserver.indexing.builder import Builder
from fhirserver.indexing.definitions import contact_part, is_flag, is_mime_type
from fhirserver.indexing.keys import Variant, present_key, value_key
from fhirserver.indexing.params.string import folded
from fhirserver.rows import StringRow, param_code
from fhirspec.searchparams import Found


def by_code(code: str) -> Variant:
    return ("code", code.casefold())


def by_system_and_code(system: str, code: str) -> Variant:
    return ("system|code", system, code.casefold())


def by_system(system: str) -> Variant:
    return ("system", system)


def without_system(code: str) -> Variant:
    return ("|code", code.casefold())


def by_type(system: str, code: str, value: str) -> Variant:
    """An identifier by its kind: `:of-type`."""
    return ("of-type", system, code.casefold(), value.casefold())


def by_mime_type(text: str) -> Variant:
    """A mime type without its parameters, or all of a kind (`image`): `:below`. https://hl7.org/fhir/R4/search.html#mimetype"""
    return ("mime", text.partition(";")[0].strip().removesuffix("/*").removesuffix("/").casefold())


def variant_of(resource_type: str, code: str, system: str, text: str) -> Variant:
    """How `system|text` is found. What never has a system (a flag) is not kept under `|code` as well."""
    if system:
        return by_system_and_code(system, text)
    return by_code(text) if is_flag(resource_type, code) else without_system(text)


def key_of(resource_type: str, code: str, variant: Variant) -> int:
    """Under which a value stands. A `phone` stands under `telecom`; only what it is used for is its own."""
    part = contact_part(resource_type, code)
    if part is None:
        return value_key(resource_type, code, variant)
    if variant[0] in ("code", "|code"):
        variant = by_system_and_code(part.system, variant[-1])
    is_told = variant == by_system(part.system) or variant[:2] == ("system|code", part.system)
    return value_key(resource_type, part.code if is_told else code, variant)


def presence_key(resource_type: str, code: str, target_type: str = "") -> int:
    """Of all that have a value."""
    part = contact_part(resource_type, code)
    if part is None:
        return present_key(resource_type, code, target_type)
    return value_key(resource_type, part.code, by_system(part.system))


def text_param(resource_type: str, code: str) -> int:
    """Where the words of a token are found: `:text`."""
    return param_code(resource_type, f"{code}:text")


def variants(found: list[Found]) -> Iterator[Variant]:
    for kind, value in found:
        if isinstance(value, dict):
            yield from _VARIANTS.get(kind, _coding)(value)
        elif isinstance(value, bool):
            yield from _pair("", "true" if value else "false")
        else:
            yield from _pair("", str(value))


def _pair(system: str, code: str) -> Iterator[Variant]:
    if code:
        yield by_code(code)
        yield by_system_and_code(system, code) if system else without_system(code)
    if system:
        yield by_system(system)


def _coding(value: dict[str, Any]) -> Iterator[Variant]:
    return _pair(value.get("system", ""), value.get("code", ""))


def _concept(value: dict[str, Any]) -> Iterator[Variant]:
    for coding in value.get("coding", ()):
        yield from _coding(coding)


def _identifier(value: dict[str, Any]) -> Iterator[Variant]:
    text = value.get("value", "")
    yield from _pair(value.get("system", ""), text)
    for coding in value.get("type", {}).get("coding", ()) if text else ():
        yield by_type(coding.get("system", ""), coding.get("code", ""), text)


def _contact(value: dict[str, Any]) -> Iterator[Variant]:
    """Both what it is and what it is used for count as its system. https://hl7.org/fhir/R4/search.html#token"""
    text = value.get("value", "")
    if text:
        yield by_code(text)
        yield without_system(text)
    for kind in (value.get("system"), value.get("use")):
        yield from _of_kind(kind, text)


def _of_kind(kind: str | None, text: str) -> Iterator[Variant]:
    if kind:
        yield by_system(kind)
        if text:
            yield by_system_and_code(kind, text)


_VARIANTS = {
    "Coding": _coding,
    "CodeableConcept": _concept,
    "Identifier": _identifier,
    "ContactPoint": _contact,
}


def words(found: list[Found]) -> Iterator[str]:
    """The text that goes with a token: a concept's, a coding's display, an identifier type's."""
    for kind, value in found:
        if not isinstance(value, dict):
            continue
        concept = value.get("type", {}) if kind == "Identifier" else value
        yield from (concept[name] for name in ("text", "display") if name in concept)
        yield from (one["display"] for one in concept.get("coding", ()) if "display" in one)


@lru_cache(maxsize=65536)
def _keys_of_pair(resource_type: str, code: str, system: str, text: str) -> tuple[int, ...]:
    """Of a coding or a code: the same few stand in most resources."""
    variants = _pair(system, text)
    if is_flag(resource_type, code):
        variants = (variant for variant in variants if variant[0] == "code")
    return tuple(value_key(resource_type, code, variant) for variant in variants)


def _keys(resource_type: str, code: str, kind: str, value: Any) -> Iterator[int]:
    if not isinstance(value, dict):
        text = str(value) if not isinstance(value, bool) else "true" if value else "false"
        yield from _keys_of_pair(resource_type, code, "", text)
        if isinstance(value, str) and is_mime_type(resource_type, code):
            yield value_key(resource_type, code, by_mime_type(value))
            yield value_key(resource_type, code, by_mime_type(value.partition("/")[0]))
    elif kind == "ContactPoint" and contact_part(resource_type, code) is not None:
        for variant in _of_kind(value.get("use"), value.get("value", "")):
            yield value_key(resource_type, code, variant)
    elif kind in ("Identifier", "ContactPoint"):
        for variant in _VARIANTS[kind](value):
            yield value_key(resource_type, code, variant)
    else:
        for coding in value.get("coding", ()) if kind == "CodeableConcept" else (value,):
            yield from _keys_of_pair(resource_type, code, coding.get("system", ""), coding.get("code", ""))


def index(into: Builder, resource_type: str, code: str, found: list[Found]) -> None:
    if contact_part(resource_type, code) is None:
        into.postings.add(present_key(resource_type, code))
    for kind, value in found:
        into.postings.update(_keys(resource_type, code, kind, value))
    param = text_param(resource_type, code)
    into.strings.update([StringRow(param, folded(text)) for text in words(found)])
