"""A CodeSystem as a table: its concepts by code, their places in the hierarchy, their properties.

https://hl7.org/fhir/R4/codesystem.html
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

# Properties that say the place in the hierarchy when concepts are listed flat.
_PARENT_PROPERTIES = ("parent", "subsumedBy")


@dataclass(slots=True)
class Concept:
    """One concept. `properties` maps each property's code to its values."""

    code: str
    display: str
    definition: str
    designations: tuple[Json, ...]
    properties: dict[str, list[Any]]
    parents: list[str] = field(default_factory=list)
    children: list[str] = field(default_factory=list)

    @property
    def is_inactive(self) -> bool:
        return True in self.properties.get("inactive", ()) or "retired" in self.properties.get("status", ())

    @property
    def is_abstract(self) -> bool:
        return True in self.properties.get("notSelectable", ())


class CodeTable:
    """The concepts of one CodeSystem resource. `is_whole`: the resource lists every concept of the system."""

    def __init__(self, code_system: Json) -> None:
        self.system = str(code_system.get("url", ""))
        self.version = str(code_system.get("version", ""))
        self.name = str(code_system.get("title") or code_system.get("name") or self.system)
        self.is_whole = code_system.get("content") == "complete"
        self.is_case_sensitive = code_system.get("caseSensitive", True) is not False
        self.concepts: dict[str, Concept] = {}
        self._read(code_system.get("concept", ()), None)
        self._link_by_property()
        self._folded = {} if self.is_case_sensitive else {code.casefold(): code for code in self.concepts}

    def _read(self, concepts: Any, parent: str | None) -> None:
        for raw in concepts:
            properties: dict[str, list[Any]] = {}
            for one in raw.get("property", ()):
                value = next((value for key, value in one.items() if key.startswith("value")), None)
                properties.setdefault(one["code"], []).append(value)
            concept = Concept(
                code=raw["code"],
                display=raw.get("display", ""),
                definition=raw.get("definition", ""),
                designations=tuple(raw.get("designation", ())),
                properties=properties,
            )
            self.concepts[concept.code] = concept
            if parent is not None:
                self._link(concept.code, parent)
            self._read(raw.get("concept", ()), concept.code)

    def _link_by_property(self) -> None:
        for concept in self.concepts.values():
            for name in _PARENT_PROPERTIES:
                for parent in concept.properties.get(name, ()):
                    self._link(concept.code, str(parent))

    def _link(self, child: str, parent: str) -> None:
        if parent in self.concepts and parent not in self.concepts[child].parents:
            self.concepts[child].parents.append(parent)
            self.concepts[parent].children.append(child)

    def find(self, code: str) -> Concept | None:
        """The concept of this code, in the case that the system's rule allows."""
        found = self.concepts.get(code)
        if found is None and self._folded:
            found = self.concepts.get(self._folded.get(code.casefold(), ""))
        return found

    def descendants(self, code: str) -> Iterator[str]:
        """Every code below this one, each once."""
        seen, waiting = {code}, list(self.concepts[code].children)
        while waiting:
            one = waiting.pop(0)
            if one not in seen:
                seen.add(one)
                yield one
                waiting.extend(self.concepts[one].children)

    def ancestors(self, code: str) -> Iterator[str]:
        """Every code above this one, each once."""
        seen, waiting = {code}, list(self.concepts[code].parents)
        while waiting:
            one = waiting.pop(0)
            if one not in seen:
                seen.add(one)
                yield one
                waiting.extend(self.concepts[one].parents)

    def subsumes(self, ancestor: str, descendant: str) -> bool:
        """Whether the first code is above the second (a code is not above itself)."""
        return ancestor != descendant and ancestor in self.ancestors(descendant)
