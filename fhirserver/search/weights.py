"""Which condition of a search should drive the statement: the one that the fewest resources match."""

from fhirserver.search.ast import (
    Amount,
    And,
    Chain,
    FullText,
    InHierarchy,
    MemberOf,
    Node,
    Or,
    Pair,
    Posting,
    ReferredBy,
    Rids,
    Span,
    Stretch,
    Target,
    Text,
)  # fmt: skip

_UNDRIVEN = 1000


def weight(node: Node) -> int:
    """How many resources a condition may match, as a rough order; _UNDRIVEN: it cannot drive."""
    match node:
        case Posting(keys, weight=at_most):
            return at_most + (1 if len(keys) > 1 else 0)
        case Rids():
            return 0
        case MemberOf():
            return 8
        case FullText(common=common):
            return 93 if common else 20
        case Target():
            return 10
        case Text(_, _, contains, exact, ends):
            return 85 if contains or ends else 15 if exact else 30
        case Stretch(_, low, high):
            return 15 if low and high.startswith(low) else 92
        case Span(_, prefix, _, _):
            return 45 if prefix == "eq" else 95
        case Amount() | Pair():
            return 55
        case Chain() | ReferredBy() | InHierarchy():
            return 40
        case Or(nodes) if nodes:
            weights = [weight(one) for one in nodes]
            return max(weights) + 1 if max(weights) < _UNDRIVEN and not _holds_rids(nodes) else _UNDRIVEN
    return _UNDRIVEN


def _holds_rids(nodes: tuple[Node, ...]) -> bool:
    return any(isinstance(one, (Rids, And, Or)) for one in nodes)


def holds_any(node: Node) -> bool:
    return isinstance(node, Or) and any(
        isinstance(one, (MemberOf, ReferredBy, FullText)) for one in node.nodes
    )
