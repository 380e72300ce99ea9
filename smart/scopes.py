"""Scopes of SMART App Launch, versions 1 and 2: `patient/Observation.rs?category=laboratory`, `user/*.read`, `openid`.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
Nothing here touches a database: text in, values out. Interactions are the letters c, r, u, d, s (create, read with vread
and instance history, update with patch, delete, search with type history).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl

from fhirspec.resource_types import is_resource_type, no_resource_type

INTERACTIONS = "cruds"
EVERY_TYPE = "*"
V1_INTERACTIONS = {"read": "rs", "write": "cud", "*": INTERACTIONS}
_V1_WORDS = {letters: word for word, letters in V1_INTERACTIONS.items()}
# These shape an answer; they do not say which resources are meant, so a restriction by them would restrict nothing.
_RESULT_PARAMETERS = frozenset(
    {
        *("_count", "_offset", "_maxresults", "_score", "_sort", "_total", "_include", "_revinclude"),
        *("_contained", "_containedType", "_elements", "_summary", "_format", "_pretty", "_graph"),
    }
)
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,99}")
_SCOPE_TOKEN = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,300}")  # RFC 6749, 3.3
_MAX_SCOPES = 100


class InvalidScope(ValueError):
    """A text that is no scope; the message says why."""


class Level(StrEnum):
    """Whose data: the patient of the launch context, what the user may see, or the whole deployment."""

    PATIENT = "patient"
    USER = "user"
    SYSTEM = "system"


class Special(StrEnum):
    """Scopes that ask for identity, context or duration instead of resources."""

    OPENID = "openid"
    FHIR_USER = "fhirUser"
    PROFILE = "profile"
    EMAIL = "email"
    OFFLINE_ACCESS = "offline_access"
    ONLINE_ACCESS = "online_access"
    LAUNCH = "launch"
    LAUNCH_PATIENT = "launch/patient"
    LAUNCH_ENCOUNTER = "launch/encounter"


@dataclass(frozen=True, slots=True)
class ResourceScope:
    """`interactions`: letters of cruds, in that order. `restriction`: a search query, empty for none.

    `v1` only chooses how it is written: `patient/*.read` and `patient/*.rs` mean the same.
    """

    level: Level
    resource_type: str
    interactions: str
    restriction: str = ""
    v1: bool = False

    def __str__(self) -> str:
        query = f"?{self.restriction}" if self.restriction else ""
        if self.v1 and not query and self.interactions in _V1_WORDS:
            return f"{self.level}/{self.resource_type}.{_V1_WORDS[self.interactions]}"
        return f"{self.level}/{self.resource_type}.{self.interactions}{query}"

    @property
    def filters(self) -> frozenset[tuple[str, str]]:
        """The restriction as (parameter, value) pairs, all of which must match."""
        return frozenset(parse_qsl(self.restriction, keep_blank_values=True))

    def reaches(self, resource_type: str) -> bool:
        return self.resource_type in (EVERY_TYPE, resource_type)


Scope = ResourceScope | Special


@dataclass(frozen=True, slots=True)
class Scopes:
    """What is asked for, allowed or granted, in the order of its text and without repetition."""

    items: tuple[Scope, ...] = ()

    def __iter__(self) -> Iterator[Scope]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, scope: object) -> bool:
        return scope in self.items

    def __str__(self) -> str:
        return " ".join(map(str, self.items))

    @property
    def resources(self) -> tuple[ResourceScope, ...]:
        return tuple(one for one in self.items if isinstance(one, ResourceScope))

    def at(self, level: Level) -> tuple[ResourceScope, ...]:
        return tuple(one for one in self.resources if one.level is level)


def parse_scope(text: str) -> Scope:
    """One scope. Raises InvalidScope with the reason in words a developer can act on."""
    if not _SCOPE_TOKEN.fullmatch(text):
        raise InvalidScope(f"“{text[:80]}” has characters that a scope cannot have, or is too long.")
    try:
        return Special(text)
    except ValueError:
        pass
    level, slash, rest = text.partition("/")
    if not slash or level not in frozenset(Level):
        raise InvalidScope(f"“{text}” is not a scope: write patient/, user/ or system/ and a resource type.")
    rest, question, restriction = rest.partition("?")
    resource_type, dot, letters = rest.rpartition(".")
    if not dot:
        raise InvalidScope(f"“{text}” does not say what may be done: add .rs, .cruds or .read.")
    if resource_type != EVERY_TYPE and not is_resource_type(resource_type):
        raise InvalidScope(no_resource_type(resource_type, f"“{resource_type}” in “{text}”"))
    v1 = letters in V1_INTERACTIONS
    _check_letters(letters, text, v1=v1)
    if question:
        _check_restriction(restriction, text, v1=v1)
    return ResourceScope(
        Level(level), resource_type, V1_INTERACTIONS[letters] if v1 else letters, restriction, v1
    )


def _check_letters(letters: str, text: str, *, v1: bool) -> None:
    if v1:
        return
    if not letters or (unknown := set(letters) - set(INTERACTIONS)):
        wrong = "".join(sorted(unknown)) if letters else ""
        raise InvalidScope(f"“{wrong or text}” is none of c, r, u, d, s, and neither read, write nor *.")
    ordered = order(letters)
    if ordered != letters:
        raise InvalidScope(f"“{letters}” in “{text}” must be written once each and in order: {ordered}.")


def _check_restriction(restriction: str, text: str, *, v1: bool) -> None:
    if v1:
        raise InvalidScope(f"“{text}” mixes read, write or * with a search: use the letters c, r, u, d, s.")
    pairs = parse_qsl(restriction, keep_blank_values=True)
    if not pairs or len(pairs) != restriction.count("&") + 1:
        raise InvalidScope(f"“{text}” has no search after the question mark.")
    for name, value in pairs:
        if not _PARAMETER.fullmatch(name) or not value:
            raise InvalidScope(f"“{name}={value}” in “{text}” is not a search parameter with a value.")
        if name.partition(":")[0] in _RESULT_PARAMETERS or name == "_has":
            raise InvalidScope(f"“{name}” in “{text}” does not say which resources are meant.")


def parse_scopes(text: str) -> Scopes:
    """All scopes of a space-separated text. Raises InvalidScope for the first that is none, and for a repetition."""
    names = text.split()
    if len(names) > _MAX_SCOPES:
        raise InvalidScope(f"{len(names)} scopes are more than {_MAX_SCOPES}.")
    found: list[Scope] = []
    for place, name in enumerate(names, start=1):
        try:
            scope = parse_scope(name)
        except InvalidScope as refused:
            raise InvalidScope(f"Scope {place}: {refused}") from None
        if scope in found:
            raise InvalidScope(
                f"Scope {place}: “{name}” is there twice, first as scope {found.index(scope) + 1}."
            )
        _check_adds(scope, place, found)
        found.append(scope)
    return Scopes(tuple(found))


def _check_adds(scope: Scope, place: int, before: list[Scope]) -> None:
    """Refuse a scope that the others make needless, whichever came first."""
    if isinstance(scope, Special):
        return
    if covers(Scopes(tuple(before)), scope):
        raise InvalidScope(f"Scope {place}: “{scope}” adds nothing to the scopes before it.")
    for earlier, other in enumerate(before, start=1):
        if isinstance(other, ResourceScope) and covers(Scopes((scope,)), other):
            raise InvalidScope(f"Scope {earlier}: “{other}” adds nothing to scope {place}, “{scope}”.")


def read_scopes(text: str) -> Scopes:
    """The scopes of a request, without those that are none and without repetitions (RFC 6749, 3.3 lets a server ignore)."""
    found: dict[Scope, None] = {}
    for name in text.split()[:_MAX_SCOPES]:
        try:
            found.setdefault(parse_scope(name))
        except InvalidScope:
            continue
    return Scopes(tuple(found))


def order(letters: Iterable[str]) -> str:
    """The letters once each, in the order of cruds."""
    present = set(letters)
    return "".join(letter for letter in INTERACTIONS if letter in present)


def covers(granted: Scopes, needed: Scope) -> bool:
    """Whether all that `needed` allows is allowed by `granted`."""
    if isinstance(needed, Special):
        return needed in granted.items
    able = [
        one
        for one in granted.at(needed.level)
        if one.reaches(needed.resource_type) and one.filters <= needed.filters
    ]
    return set(needed.interactions) <= {letter for one in able for letter in one.interactions}


def is_within(asked: Scopes, granted: Scopes) -> bool:
    """Whether `asked` is no more than `granted` (a refresh may narrow, never widen)."""
    return all(covers(granted, one) for one in asked)


def intersect(asked: Scopes, allowed: Scopes) -> Scopes:
    """What is in both, written in the way it was asked for."""
    found: dict[Scope, None] = {}
    for one in asked:
        if isinstance(one, Special):
            if one in allowed.items:
                found[one] = None
            continue
        if covers(allowed, one):
            found[one] = None
            continue
        for other in allowed.at(one.level):
            if (common := _common(one, other)) is not None:
                found[common] = None
    return Scopes(tuple(one for one in found if not _is_redundant(one, found)))


def _common(asked: ResourceScope, allowed: ResourceScope) -> ResourceScope | None:
    if not asked.reaches(allowed.resource_type) and not allowed.reaches(asked.resource_type):
        return None
    interactions = order(set(asked.interactions) & set(allowed.interactions))
    if not interactions:
        return None
    resource_type = allowed.resource_type if asked.resource_type == EVERY_TYPE else asked.resource_type
    parts = [part for text in (asked.restriction, allowed.restriction) for part in text.split("&") if part]
    return ResourceScope(asked.level, resource_type, interactions, "&".join(dict.fromkeys(parts)), asked.v1)


def _is_redundant(one: Scope, among: Iterable[Scope]) -> bool:
    if isinstance(one, Special):
        return False
    return any(
        other is not one
        and isinstance(other, ResourceScope)
        and covers(Scopes((other,)), one)
        and not covers(Scopes((one,)), other)
        for other in among
    )


def smallest_scope(level: Level, resource_type: str, interaction: str) -> ResourceScope:
    """The least that lets one interaction (a letter of cruds) on one resource type pass."""
    return ResourceScope(level, resource_type, interaction)
