"""What holds for whatever a client sends: values with escapes, numbers, dates, expressions, queries and cursors."""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirserver.instants import instant_range
from fhirserver.outcomes import BadRequest, LimitExceeded
from fhirserver.search.criteria.number import numbered
from fhirserver.search.filter_syntax import (
    OPERATORS,
    Comparison,
    Every,
    Filter,
    Some,
    Step,
    Without,
    parse_filter,
)
from fhirserver.search.paging import read_cursor, write_cursor
from fhirserver.search.parse import encoded, split, unescaped, values_of
from fhirserver.search.text_query import parse_text

TEXTS = st.text(min_size=1, max_size=12) | st.text(alphabet="ab\\,$| ", min_size=1, max_size=12)
SEPARATORS = st.sampled_from(",$|")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def escaped(text: str) -> str:
    """https://hl7.org/fhir/R4/search.html#escaping"""
    return re.sub(r"([\\,$|])", r"\\\1", text)


@given(st.lists(TEXTS, min_size=1, max_size=5), SEPARATORS)
def test_escaped_values_come_back_as_they_were(texts: list[str], separator: str) -> None:
    parts = split(separator.join(map(escaped, texts)), separator)
    assert [unescaped(one) for one in parts] == texts
    assert [unescaped(one) for one in values_of("x", ",".join(map(escaped, texts)))] == texts


@given(st.text(max_size=20) | st.text(alphabet="a\\,", max_size=10), SEPARATORS)
def test_whatever_is_split_is_whole_when_put_together(text: str, separator: str) -> None:
    assert separator.join(split(text, separator)) == text


MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(lambda one: one.replace(tzinfo=UTC))
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def written(moment: datetime) -> list[str]:
    """A moment in every precision, the coarsest first."""
    zone = moment.strftime("%z")
    zone = f"{zone[:3]}:{zone[3:]}"
    year = f"{moment.year:04}"
    return [
        year,
        f"{year}-{moment:%m}",
        f"{year}-{moment:%m-%d}",
        f"{year}-{moment:%m-%dT%H:%M}{zone}",
        f"{year}-{moment:%m-%dT%H:%M:%S}{zone}",
        f"{year}-{moment:%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}{zone}",
        f"{year}-{moment:%m-%dT%H:%M:%S.%f}{zone}",
    ]


@given(MOMENTS)
def test_every_precision_of_a_date_holds_its_moment_and_the_finer_ones(moment: datetime) -> None:
    micros = (moment - EPOCH) // timedelta(microseconds=1)
    ranges = [instant_range("date", text) for text in written(moment)]
    assert all(low <= micros < high for low, high in ranges)
    for (low, high), (finer_low, finer_high) in pairwise(ranges):
        assert low <= finer_low < finer_high <= high
    assert ranges[-1] == (micros, micros + 1)


@given(MOMENTS, OFFSETS)
def test_one_moment_is_the_same_in_every_zone(moment: datetime, zone: timezone) -> None:
    try:
        there = moment.astimezone(zone)
    except OverflowError:
        return
    for here, elsewhere in zip(written(moment)[4:], written(there)[4:], strict=True):
        assert instant_range("date", here) == instant_range("date", elsewhere)


@given(st.text(max_size=30) | st.text(alphabet="0123456789-:TZ.+", max_size=30))
def test_no_text_is_half_a_date(text: str) -> None:
    with suppress(BadRequest):
        low, high = instant_range("date", text)
        assert low < high


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4)


@given(NUMBERS, st.sampled_from(("", "eq", "ne")))
def test_a_number_stands_for_half_of_its_last_digit_either_way(number: Decimal, prefix: str) -> None:
    text = format(number, "f")
    found, value, low, high = numbered("x", f"{prefix}{text}")
    half = Decimal(1).scaleb(-4) / 2
    assert found == (prefix or "eq")
    assert (value, low, high) == (float(number), float(number - half), float(number + half))
    assert low <= value <= high


@given(st.integers(1, 10**6), st.integers(-9, 9))
def test_an_exponent_is_no_digit(number: int, exponent: int) -> None:
    _, value, low, high = numbered("x", f"{number}e{exponent}")
    assert value == float(Decimal(number).scaleb(exponent))
    assert (low, high) == tuple(float((number + side) * Decimal(1).scaleb(exponent)) for side in (Decimal("-0.5"), Decimal("0.5")))  # fmt: skip


@given(st.text(max_size=20) | st.text(alphabet="0123456789.eE+-_ ", max_size=20))
def test_no_text_is_half_a_number(text: str) -> None:
    with suppress(BadRequest):
        _, value, low, high = numbered("x", text)
        assert low <= value <= high < float("inf")


NAMES = st.from_regex(r"\A[a-z_][a-z-]{0,8}\Z").filter(lambda name: name not in ("and", "or", "not"))
VALUES = st.text(max_size=12) | st.from_regex(r"\A[A-Za-z0-9|:/.-]{1,12}\Z")


def joined(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    """Runs of one word are one list, so what leads a list is never a list of the same word."""

    def of_kind(kind: type[Every] | type[Some]) -> st.SearchStrategy[Filter]:
        first = parts.filter(lambda one: not isinstance(one, kind))
        return st.builds(lambda one, more: kind((one, *more)), first, st.lists(parts, min_size=1, max_size=3))

    return of_kind(Every) | of_kind(Some) | st.builds(Without, parts)


def steps_of(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[tuple[Step, ...]]:
    led = st.lists(st.builds(Step, NAMES, st.none() | parts, st.just(0)), max_size=2)
    return st.builds(lambda before, name: (*before, Step(name, None, 0)), led, NAMES)


PLAIN = st.builds(lambda name: (Step(name, None, 0),), NAMES)
PLAIN_COMPARISONS = st.builds(Comparison, PLAIN, st.sampled_from(OPERATORS), VALUES, st.just(0))
COMPARISONS = st.builds(
    Comparison, steps_of(PLAIN_COMPARISONS), st.sampled_from(OPERATORS), VALUES, st.just(0)
)
FILTERS: st.SearchStrategy[Filter] = st.recursive(COMPARISONS, joined, max_leaves=8)


def told(asked: Filter) -> str:
    """An expression in the grammar of https://hl7.org/fhir/R4/search_filter.html"""
    match asked:
        case Every(parts) | Some(parts):
            word = " and " if isinstance(asked, Every) else " or "
            return word.join(told(one) if isinstance(one, Comparison) else f"({told(one)})" for one in parts)
        case Without(part):
            return f"not ({told(part)})"
        case Comparison(path, operator, value):
            steps = [step.name + (f"[{told(step.kept)}]" if step.kept else "") for step in path]
            plain = re.fullmatch(r"[^\s()\[\]\"]+", value)
            return f"{'.'.join(steps)} {operator} {value if plain else json.dumps(value)}"
    raise TypeError(asked)


def without_places(asked: Filter) -> Filter:
    match asked:
        case Every(parts) | Some(parts):
            return type(asked)(tuple(map(without_places, parts)))
        case Without(part):
            return Without(without_places(part))
        case Comparison(path, operator, value):
            steps = tuple(Step(one.name, without_places(one.kept) if one.kept else None, 0) for one in path)
            return Comparison(steps, operator, value, 0)
    raise TypeError(asked)


@given(FILTERS)
def test_a_filter_is_read_as_it_was_meant(asked: Filter) -> None:
    assert without_places(parse_filter(told(asked))) == asked


@given(st.text(max_size=60) | st.text(alphabet='ab.[]() "\\eqndor', max_size=60))
def test_no_text_breaks_the_parsers_of_expressions(text: str) -> None:
    for parse in (parse_filter, lambda one: parse_text("_text", one)):
        with suppress(BadRequest, LimitExceeded):
            parse(text)


WORDS = st.text(min_size=1, max_size=20) | st.text(alphabet="aZ9:/._-,$*~|%&=+#; \n", min_size=1, max_size=20)
PAIRS = st.lists(st.tuples(WORDS, WORDS), max_size=6)


@given(PAIRS)
def test_a_query_comes_back_out_of_its_link(pairs: list[tuple[str, str]]) -> None:
    link = encoded(pairs)
    assert parse_qsl(link, keep_blank_values=True) == pairs
    # https://www.rfc-editor.org/rfc/rfc3986#section-3.4
    assert re.fullmatch(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-F]{2})*", link)


PLACES = st.lists(st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20) | st.booleans() | st.floats(allow_nan=False), max_size=5)  # fmt: skip


@given(PLACES, st.text(max_size=20), st.text(max_size=20))
def test_a_cursor_leads_back_to_its_place_and_nowhere_else(
    place: list[object], query: str, other: str
) -> None:
    cursor = write_cursor(place, query)
    assert read_cursor(cursor, query) == place
    for altered, bound in ((cursor, f"{other}x{query}"), (f"{'AB'[cursor[0] == 'A']}{cursor[1:]}", query)):
        with pytest.raises(BadRequest):
            read_cursor(altered, bound)


@given(st.text(max_size=40))
def test_no_text_is_a_cursor(text: str) -> None:
    with pytest.raises(BadRequest):
        read_cursor(text, "")
