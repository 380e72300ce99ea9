"""Conditions on the rows of one table, as SQL."""

from dataclasses import astuple

from fhirserver.connection import one_of
from fhirserver.indexing.params.string import MARK, PART
from fhirserver.search.ast import Amount, Node, Pair, Posting, Span, Stretch, Target, Text
from fhirserver.search.comparisons import compared, measured
from fhirserver.search.sql import Sql, join

LAST_CHARACTER = "\U0010ffff"


def tested(region: str, node: Node, at: str) -> tuple[str, Sql]:
    """The table of a condition, and what its rows must fulfil."""
    match node:
        case Posting(keys):
            return "fhir_posting", _one_of(region, f"{at}.key", keys)
        case Target(param, targets):
            test = _one_of(region, f"{at}.target", targets)
            return "fhir_reference", Sql(f"{at}.param = %s AND {test.text}", (param, *test.values))
        case Text(params):
            found = _one_of(region, f"{at}.param", params)
            value = _valued(node, f"{at}.value")
            return "fhir_string", Sql(f"{found.text} AND {value.text}", (*found.values, *value.values))
        case Stretch(param, low, high):
            bounds = [(low, ">="), (high, "<")]
            tests = "".join(f" AND {at}.value {sign} %s" for bound, sign in bounds if bound)
            whole = f"{at}.param = %s{tests} AND {at}.value NOT LIKE %s"
            return "fhir_string", Sql(whole, (param, *filter(None, (low, high)), f"%{PART}"))
        case Span(param, prefix, low, high):
            made = compared(f"{at}.low", f"{at}.high", prefix, low, high)
            return "fhir_date", Sql(f"{at}.param = %s AND {made.text}", (param, *made.values))
        case Amount(param, unit, prefix, value, low, high):
            made = measured(f"{at}.low", f"{at}.high", prefix, value, low, high)
            within = f"{at}.param = %s AND {at}.unit = %s AND {made.text}"
            return "fhir_quantity", Sql(within, (param, unit, *made.values))
        case Pair(param, unit, first, second):
            ends = [(f"{at}.low", first), (f"{at}.high", second)]
            made = join(" AND ", [measured(end, end, *astuple(one)) for end, one in ends])
            within = f"{at}.param = %s AND {at}.unit = %s AND {made.text}"
            return "fhir_quantity", Sql(within, (param, unit, *made.values))
    raise TypeError(f"no rows for {type(node).__name__}")


def _valued(node: Text, column: str) -> Sql:
    text = node.text
    if node.exact:
        return Sql(f"{column} = %s", (text,))
    if node.contains:
        return Sql(f"{column} LIKE %s ESCAPE '!'", (holding(text),))
    if node.ends:
        likes = (f"%{_literal(text)}", f"%{_literal(text)}{MARK}%")
        return Sql(f"({column} LIKE %s ESCAPE '!' OR {column} LIKE %s ESCAPE '!')", likes)
    return Sql(f"{column} >= %s AND {column} < %s", (text, text + LAST_CHARACTER))


def _one_of(region: str, column: str, numbers: tuple[int, ...]) -> Sql:
    if len(numbers) == 1:
        return Sql(f"{column} = %s", numbers)
    among, value = one_of(region, numbers)
    return Sql(f"{column} {among}", (value,))


def holding(text: str) -> str:
    """What a value is LIKE that has a text somewhere, where `!` escapes."""
    return f"%{_literal(text)}%"


def _literal(text: str) -> str:
    """A text within a LIKE that escapes by `!`."""
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
