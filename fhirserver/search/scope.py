"""How far a search reaches beyond its own type and R4: the caller's grant on other types, and the partition's guides."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from fhirserver.guides.memory import NO_GUIDES, Guides
from fhirserver.indexing.definitions import parameter
from fhirserver.outcomes import LimitExceeded
from fhirserver.search.ast import Node
from fhirserver.search.limits import MAX_CHAIN_BRANCHES
from fhirspec.definitions import SearchParameter
from fhirspec.terminology import Terminology, catalogue_terminology


@dataclass(slots=True)
class Scope:
    """`base`: the endpoint's address. `confine`: what the grant adds to a condition on a type. `terminology`: the value sets and code systems that the caller may use. `is_ambiguous`: whether resources of a type refer, by a parameter, to several of these targets. `unready`: parameters that were asked for and do not yet find everything
    (`Patient: race`)."""

    confine: Callable[[str], Node]
    guides: Guides = NO_GUIDES
    terminology: Callable[[], Terminology] = catalogue_terminology
    base: str = ""
    is_ambiguous: Callable[[str, int, Sequence[int]], bool] = lambda *_: False
    unready: list[str] = field(default_factory=list)
    branches: int = 0

    def __call__(self, resource_type: str) -> Node:
        return self.confine(resource_type)

    def branch(self) -> None:
        """A chain leads to one more type. Raises LimitExceeded."""
        self.branches += 1
        if self.branches > MAX_CHAIN_BRANCHES:
            raise LimitExceeded(
                f"The chains of this search lead to more than {MAX_CHAIN_BRANCHES} types (MAX_CHAIN_BRANCHES):"
                " name the type of each step, for instance subject:Patient.name."
            )

    def parameter(self, resource_type: str, code: str) -> SearchParameter | None:
        """A parameter of the type that can be searched, else None."""
        added = self.guides.parameters.get(resource_type, {}).get(code)
        if added is not None and resource_type in self.guides.unready:
            self.unready.append(f"{resource_type}: {code}")
        return parameter(resource_type, code) or added
