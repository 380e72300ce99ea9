"""Prefixes as comparisons in SQL. https://hl7.org/fhir/R4/search.html#prefix"""

from fhirserver.search.sql import Sql


def compared(low: str, high: str, prefix: str, start: int, end: int) -> Sql:
    """A span low..high of the resource against start..end of the search. https://hl7.org/fhir/R4/search.html#prefix"""
    match prefix:
        case "ge" if low == high:
            return Sql(f"{low} >= %s", (start,))
        case "le" if low == high:
            return Sql(f"{low} <= %s", (end,))
        case "eq":
            return Sql(f"{low} >= %s AND {high} <= %s", (start, end))
        case "ne":
            return Sql(f"({low} < %s OR {high} > %s)", (start, end))
        case "gt":
            return Sql(f"{high} > %s", (end,))
        case "lt":
            return Sql(f"{low} < %s", (start,))
        case "ge":
            return Sql(f"({low} >= %s OR {high} > %s)", (start, end))
        case "le":
            return Sql(f"({low} < %s OR {high} <= %s)", (start, end))
        case "sa":
            return Sql(f"{low} >= %s", (end,)) if low != high else Sql(f"{low} > %s", (end,))
        case "eb":
            return Sql(f"{high} <= %s", (start,)) if low != high else Sql(f"{high} < %s", (start,))
    return Sql(f"{low} < %s AND {high} > %s", (end, start))


def changed(moment: str, prefix: str, start: int, end: int) -> Sql:
    """A moment against all from `start` to before `end`."""
    # A moment overlaps with what holds it.
    return compared(moment, moment, "eq" if prefix == "ap" else prefix, start, end - 1)


def measured(least: str, most: str, prefix: str, value: float, low: float, high: float) -> Sql:
    """A number, or all from the `least` to the `most`, against a number: only eq, ne and ap look at its precision."""
    match prefix:
        case "ne":
            return Sql(f"({least} < %s OR {most} >= %s)", (low, high))
        case "gt":
            return Sql(f"{most} > %s", (value,))
        case "lt":
            return Sql(f"{least} < %s", (value,))
        case "ge":
            return Sql(f"{most} >= %s", (value,))
        case "le":
            return Sql(f"{least} <= %s", (value,))
        case "sa":
            return Sql(f"{least} > %s", (value,))
        case "eb":
            return Sql(f"{most} < %s", (value,))
        case "ap":
            return Sql(f"{least} <= %s AND {most} >= %s", (high, low))
    return Sql(f"{least} >= %s AND {most} < %s", (low, high))
