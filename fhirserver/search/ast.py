"""What a search asks, in terms of the index: a tree of conditions on one resource."""

from dataclasses import dataclass

from fhirserver.indexing.keys import type_key
from fhirserver.search.text_query import Expression


@dataclass(frozen=True, slots=True)
class Posting:
    """Has a posting under one of these keys. `weight`: how many resources that may be, as a rough order from 0 to 100. `within`: it is what
    makes a resource a contained one of a type."""

    keys: tuple[int, ...]
    weight: int = 35
    within: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """Refers, by this parameter, to one of these targets."""

    param: int
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """Has a text under one of these parameters that begins with `text` (`contains`: that holds it; `exact`: that is it; `ends`: that ends
    with it)."""

    params: tuple[int, ...]
    text: str
    contains: bool = False
    exact: bool = False
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """Has a text from `low` up to and without `high`, by code points; empty: no bound."""

    param: int
    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Span:
    """Has a date for which the comparison (a prefix of the specification) with low..high holds. Microseconds."""

    param: int
    prefix: str
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Amount:
    """Has a number or quantity for which the comparison holds; `low`..`high` is `value` with its implicit precision."""

    param: int
    unit: int
    prefix: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measure:
    """A prefix and a number, with what its digits leave open."""

    prefix: str
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Has two numbers in one place, for which both comparisons hold."""

    param: int
    unit: int
    first: Measure
    second: Measure


@dataclass(frozen=True, slots=True)
class Near:
    """Lies within an angle of a point of the unit sphere; `cosine`: that of the angle. `params`: where the coordinates are."""

    params: tuple[int, ...]
    point: tuple[float, ...]
    cosine: float


@dataclass(frozen=True, slots=True)
class Rids:
    rids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reached:
    """A patient's record refers to it (see fhirserver.reached)."""

    patient: str


@dataclass(frozen=True, slots=True)
class Updated:
    """Was last changed at a time for which the comparison holds. Microseconds. `held`: a contained resource, with what holds it."""

    resource_type: str
    prefix: str
    low: int
    high: int
    held: bool = False


@dataclass(frozen=True, slots=True)
class HasRow:
    """Has any value of a parameter, in one of the tables of ranges."""

    table: str
    param: int


@dataclass(frozen=True, slots=True)
class Chain:
    """Refers, by this parameter, to a resource that matches."""

    param: int
    node: "Node"


@dataclass(frozen=True, slots=True)
class ReferredBy:
    """A resource that matches refers to it by this parameter (`_has`)."""

    param: int
    node: "Node"


@dataclass(frozen=True, slots=True)
class InHierarchy:
    """Refers, by this parameter, to the resource `rid`, to one that is a part of it at any depth, or (`up`) to one that it is a part of.
    `parent`: the parameter that leads from a part to its whole; `confined`: what else holds for each step's end."""

    param: int
    parent: int
    rid: int
    up: bool
    confined: "Node"


@dataclass(frozen=True, slots=True)
class MemberOf:
    """Is a target of that resource's references by this parameter (`_list`)."""

    param: int
    rid: int


@dataclass(frozen=True, slots=True)
class FullText:
    """Has words, in its `narrative` or its whole `content`, as the expression says; there is something in it that must be there.
    `common`: many resources match."""

    resource_type: str
    column: str
    expression: Expression
    common: bool = False


@dataclass(frozen=True, slots=True)
class And:
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    node: "Node"


@dataclass(frozen=True, slots=True)
class Within:
    """Resources within others that match; `node` speaks of contained resources (search/contained.py)."""

    node: "Node"


@dataclass(frozen=True, slots=True)
class Holders:
    """What holds resources that match `node`, and beside them what matches `own` by itself."""

    node: "Node"
    own: "Node | None" = None


Node = (
    Posting
    | Target
    | Text
    | Stretch
    | Span
    | Amount
    | Pair
    | Near
    | Reached
    | Rids
    | Updated
    | HasRow
    | Chain
    | ReferredBy
    | InHierarchy
    | MemberOf
    | FullText
    | And
    | Or
    | Not
)
Matches = Node | Within | Holders
"""What the matches of a search are."""

NOTHING = Or(())
EVERYTHING = And(())


def any_of(nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else Or(tuple(nodes))


def of_type(resource_type: str) -> Posting:
    return Posting((type_key(resource_type),), 90)


def is_of_rows(node: Node) -> bool:
    """Whether a condition speaks of nothing but the rows of a resource itself."""
    match node:
        case And(nodes) | Or(nodes):
            return all(map(is_of_rows, nodes))
        case Not(inner):
            return is_of_rows(inner)
    return isinstance(node, (Posting, Target, Text, Stretch, Span, Amount, Pair, HasRow))


def conjuncts(node: Node) -> list[Node]:
    """What all have to hold; resources that are named more than once, by what the names have in common."""
    nodes = _parts(node)
    named = [set(one.rids) for one in nodes if isinstance(one, Rids)]
    if len(named) < 2:
        return nodes
    return [
        Rids(tuple(sorted(set.intersection(*named)))),
        *(one for one in nodes if not isinstance(one, Rids)),
    ]


def _parts(node: Node) -> list[Node]:
    if isinstance(node, And):
        return [one for inner in node.nodes for one in _parts(inner)]
    return [node]
