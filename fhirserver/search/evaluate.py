"""Whether index rows fulfil a condition, without a store: for a resource that is about to be written. Fails closed."""

from fhirserver.indexing.params.string import MARK, PART
from fhirserver.rows import IndexRows
from fhirserver.search.ast import (
    Amount,
    And,
    HasRow,
    Measure,
    Near,
    Node,
    Not,
    Or,
    Pair,
    Posting,
    Span,
    Stretch,
    Target,
    Text,
)


class CannotTell(Exception):
    """The condition speaks of other resources, or of what is not in the rows."""


def fulfils(rows: IndexRows, node: Node) -> bool:
    match node:
        case Posting(keys):
            return not set(keys).isdisjoint(rows.postings)
        case Target(param, targets):
            return any(row.param == param and row.target in targets for row in rows.references)
        case Text(params):
            return any(_reads(row.value, node) for row in rows.strings if row.param in params)
        case Stretch(param, low, high):
            values = [row.value for row in rows.strings if row.param == param]
            whole = [value for value in values if not value.endswith(PART)]
            return any(low <= value and (not high or value < high) for value in whole)
        case Span(param):
            return any(_within(row.low, row.high, node) for row in rows.dates if row.param == param)
        case Amount(param, unit):
            found = [row for row in rows.quantities if row.param == param and row.unit == unit]
            return any(_measures(row.low, row.high, node) for row in found)
        case Pair(param, unit, first, second):
            found = [row for row in rows.quantities if row.param == param and row.unit == unit]
            return any(
                _measures(row.low, row.low, first) and _measures(row.high, row.high, second) for row in found
            )
        case Near(params, point, cosine):
            held = {row.param: row.low for row in rows.quantities if row.param in params}
            product = sum(held.get(param, 0.0) * place for param, place in zip(params, point, strict=True))
            return len(held) == len(params) and product >= cosine
        case HasRow(table, param):
            lists = {"fhir_string": rows.strings, "fhir_date": rows.dates, "fhir_quantity": rows.quantities}
            return any(row.param == param for row in lists[table])  # type: ignore[attr-defined]
        case And(nodes):
            return all(fulfils(rows, one) for one in nodes)
        case Or(nodes):
            return any(fulfils(rows, one) for one in nodes)
        case Not(inner):
            return not fulfils(rows, inner)
    raise CannotTell


def _reads(value: str, text: Text) -> bool:
    if text.exact:
        return value == text.text
    if text.ends:
        return value.partition(MARK)[0].endswith(text.text)
    return text.text in value if text.contains else value.startswith(text.text)


def _within(low: int, high: int, span: Span) -> bool:
    answers = {
        "eq": low >= span.low and high <= span.high,
        "ne": low < span.low or high > span.high,
        "gt": high > span.high,
        "lt": low < span.low,
        "ge": low >= span.low or high > span.high,
        "le": low < span.low or high <= span.high,
        "sa": low >= span.high,
        "eb": high <= span.low,
        "ap": low < span.high and high > span.low,
    }
    return answers[span.prefix]


def _measures(low: float, high: float, amount: Amount | Measure) -> bool:
    answers = {
        "eq": low >= amount.low and high < amount.high,
        "ne": low < amount.low or high >= amount.high,
        "gt": high > amount.value,
        "lt": low < amount.value,
        "ge": high >= amount.value,
        "le": low <= amount.value,
        "sa": low > amount.value,
        "eb": high < amount.value,
        "ap": low <= amount.high and high >= amount.low,
    }
    return answers[amount.prefix]
