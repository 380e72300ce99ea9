"""The codes of a value set: https://hl7.org/fhir/R4/valueset.html#expansion"""

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from fhirspec.catalogue import get_catalogue
from fhirspec.terminology.code_table import CodeTable
from fhirspec.terminology.filters import filtered
from fhirspec.terminology.reasons import CannotExpand, UnknownCodeSystem, UnknownValueSet

Json = dict[str, Any]
# From a canonical URL to a ValueSet or CodeSystem; None for one that is not known.
Find = Callable[[str], Json | None]

MAX_NESTING = 10


class Code(NamedTuple):
    """A coded concept of an expansion."""

    system: str
    code: str
    display: str
    is_abstract: bool = False
    is_inactive: bool = False
    designations: tuple[Json, ...] = ()


class Terminology:
    """Value sets and code systems: those of the catalogue, and before them those that `find` knows."""

    def __init__(self, find: Find | None = None) -> None:
        self._find = find
        self._tables: dict[str, CodeTable] = {}
        self._expansions: dict[str, tuple[Code, ...]] = {}

    def resource(self, canonical: str) -> Json | None:
        """The ValueSet or CodeSystem of a canonical URL."""
        if self._find and (found := self._find(canonical)):
            return found
        return get_catalogue().canonical(canonical)

    def value_set(self, canonical: str) -> Json:
        """The ValueSet of a canonical URL. Raises UnknownValueSet."""
        found = self.resource(canonical)
        if found is None or found.get("resourceType") != "ValueSet":
            raise UnknownValueSet(canonical)
        return found

    def code_table(self, system: str) -> CodeTable:
        """The concepts of a code system. Raises UnknownCodeSystem."""
        if system not in self._tables:
            found = self.resource(system)
            if found is None or found.get("resourceType") != "CodeSystem":
                raise UnknownCodeSystem(system)
            self._tables[system] = CodeTable(found)
        return self._tables[system]

    def codes(self, canonical: str) -> tuple[Code, ...]:
        """All codes of a value set, each once, in its order. Raises CannotExpand with the reason."""
        if canonical not in self._expansions:
            self._expansions[canonical] = self.codes_of(self.value_set(canonical))
        return self._expansions[canonical]

    def codes_of(self, value_set: Json) -> tuple[Code, ...]:
        """All codes of a ValueSet resource. Raises CannotExpand."""
        return self._codes_of(value_set, 0)

    def _codes_of(self, value_set: Json, depth: int) -> tuple[Code, ...]:
        if depth > MAX_NESTING:
            raise CannotExpand("Value sets include each other too deeply")
        compose = value_set.get("compose")
        if compose is None:
            return tuple(_expanded(value_set))
        found: dict[tuple[str, str], Code] = {}
        for include in compose.get("include", ()):
            for code in self._included(include, depth):
                found.setdefault((code.system, code.code), code)
        for exclude in compose.get("exclude", ()):
            for code in self._included(exclude, depth):
                found.pop((code.system, code.code), None)
        if compose.get("inactive") is False:
            return tuple(code for code in found.values() if not code.is_inactive)
        return tuple(found.values())

    def _included(self, include: Json, depth: int) -> Iterable[Code]:
        """What one include lists: of its system, and only what all of its value sets have too."""
        codes = self._of_system(include) if "system" in include else None
        for canonical in include.get("valueSet", ()):
            nested = self._codes_of(self.value_set(canonical), depth + 1)
            if codes is None:
                codes = nested
            else:
                allowed = {(code.system, code.code) for code in nested}
                codes = [code for code in codes if (code.system, code.code) in allowed]
        return codes or ()

    def _of_system(self, include: Json) -> Iterable[Code]:
        system = include["system"]
        if "concept" in include:
            return self._listed(system, include["concept"])
        try:
            table = self.code_table(system)
        except UnknownCodeSystem as problem:
            raise CannotExpand(str(problem)) from problem
        if not table.is_whole:
            raise CannotExpand(f"Only a part of the code system {system} is known here")
        return [
            Code(system, one.code, one.display, one.is_abstract, one.is_inactive, one.designations)
            for one in filtered(table, include.get("filter", ()))
        ]

    def _listed(self, system: str, concepts: list[Json]) -> Iterator[Code]:
        """Codes that the value set names; a missing display comes from the code system, when it is known."""
        try:
            table = self.code_table(system)
        except UnknownCodeSystem:
            table = None
        for raw in concepts:
            known = table.find(raw["code"]) if table else None
            display = raw.get("display") or (known.display if known else "")
            designations = (*raw.get("designation", ()), *(known.designations if known else ()))
            yield Code(
                system, raw["code"], display, False, known.is_inactive if known else False, designations
            )


def _expanded(value_set: Json) -> Iterator[Code]:
    """The codes of an expansion that came with the value set."""
    expansion = value_set.get("expansion")
    if expansion is None:
        raise CannotExpand("The value set has no definition of its codes")
    waiting = list(expansion.get("contains", ()))
    while waiting:
        one = waiting.pop(0)
        if "code" in one:
            yield Code(
                one.get("system", ""),
                one["code"],
                one.get("display", ""),
                one.get("abstract", False),
                one.get("inactive", False),
                tuple(one.get("designation", ())),
            )
        waiting[:0] = one.get("contains", ())


@lru_cache(maxsize=1)
def catalogue_terminology() -> Terminology:
    """The terminology of the catalogue alone, shared by the whole process."""
    return Terminology()


@lru_cache(maxsize=512)
def code_set(canonical: str) -> frozenset[tuple[str, str]] | None:
    """The (system, code) pairs of one of the catalogue's value sets; None when it cannot be expanded."""
    try:
        found = catalogue_terminology().codes(canonical)
    except CannotExpand:
        return None
    return frozenset((one.system, one.code) for one in found)
