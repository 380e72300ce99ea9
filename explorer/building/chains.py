"""Names of search parameters that lead through references: chains and `_has`, mixed and nested.

`subject:Patient.name`, `_has:Observation:patient:code`, `subject:Patient._has:Condition:patient:code:text`:
https://hl7.org/fhir/R4/search.html#chaining and #has
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Hop:
    """One reference. Forward it leads to `type` (empty: any type the reference allows), backward it comes from `type`."""

    code: str
    type: str = ""
    backward: bool = False

    @property
    def name(self) -> str:
        """What the hop puts before the rest of a parameter's name."""
        if self.backward:
            return f"_has:{self.type}:{self.code}:"
        return f"{self.code}:{self.type}." if self.type else f"{self.code}."


@dataclass(frozen=True)
class SearchPath:
    """`code` with its `modifier` is what is asked at the end, empty while the path is being picked.

    `half`: a hop of which one half is chosen: a forward one without its type, a backward one without its reference.
    """

    hops: tuple[Hop, ...] = ()
    code: str = ""
    modifier: str = ""
    half: Hop | None = None

    @property
    def start(self) -> str:
        """The hops as the beginning of a name."""
        return "".join(hop.name for hop in self.hops)

    @property
    def written(self) -> str:
        """The path as far as it goes, as `parse_path` reads it."""
        if self.half:
            return self.start + (f"_has:{self.half.type}:" if self.half.backward else f"{self.half.code}:")
        return self.start + (f"{self.code}:{self.modifier}" if self.modifier else self.code)

    def up_to(self, count: int) -> "SearchPath":
        return SearchPath(self.hops[:count])


def is_path(name: str) -> bool:
    return name.startswith("_has:") or "." in name


def parse_path(name: str) -> SearchPath:
    """The path that a name, or the beginning of one, says: `subject:` and `_has:Observation:` end in half a hop."""
    hops: list[Hop] = []
    rest = name
    while is_path(rest):
        if rest.startswith("_has:"):
            _, kind, code, rest = [*rest.split(":", 3), "", "", ""][:4]
            hop = Hop(code, kind, backward=True)
        else:
            head, _, rest = rest.partition(".")
            code, _, kind = head.partition(":")
            hop = Hop(code, kind)
        if not code:
            return SearchPath(tuple(hops), half=hop)
        hops.append(hop)
    code, colon, modifier = rest.partition(":")
    if colon and not modifier:
        return SearchPath(tuple(hops), half=Hop(code))
    return SearchPath(tuple(hops), code, modifier)
