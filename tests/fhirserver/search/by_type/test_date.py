"""date: value × precision × prefix × modifier. https://hl7.org/fhir/R4/search.html#date

A value of any precision is all the time that it may mean, in the search as in the resource: 2013-01 is from the first of January up to
the first of February. A period without an end reaches into all future; of a Timing only the outer limits count.
"""

from datetime import UTC, datetime
from typing import Any

import time_machine

from tests.fhirserver.client import Client
from tests.fhirserver.search.by_type.tables import (
    NOT_OF_RANGES,
    by_prefix,
    by_refused_modifier,
    loaded,
    require_found,
    require_refused,
)


def timing(**parts: Any) -> dict[str, Any]:
    return {"effectiveTiming": parts}


OBSERVATIONS: dict[str, dict[str, Any]] = {
    "a": {"effectiveDateTime": "2013"},
    "b": {"effectiveDateTime": "2013-01"},
    "c": {"effectiveDateTime": "2013-01-14"},
    "d": {"effectiveDateTime": "2013-01-14T10:00:00Z"},
    "e": {"effectiveDateTime": "2013-01-14T10:00:00.500Z"},
    "f": {"effectivePeriod": {"start": "2013-01-10", "end": "2013-01-20"}},
    "g": {"effectivePeriod": {"start": "2013-01-14T10:00:00Z"}},
    "h": {"effectivePeriod": {"end": "2013-01-13"}},
    "i": timing(event=["2013-01-16", "2013-01-14"]),
    "j": timing(repeat={"boundsPeriod": {"start": "2013-02-01", "end": "2013-02-28"}, "frequency": 2}),
    "k": {"effectiveDateTime": "2014-01-01T00:30:00+01:00"},
    "l": {"effectiveInstant": "2013-01-14T10:00:01Z"},
    "m": {},
    "n": {"effectiveDateTime": "2015-06"},
}
DATES = by_prefix(
    "Observation?date",
    "abcdefghijkln",
    """
    value                      eq          ne   gt           lt         ge            le           sa    eb
    2013                       abcdefijkl  ghn  gn           h          abcdefgijkln  abcdefhijkl  n     -
    2013-01                    bcdefil     ^bcdefil  agjkn   h          abcdefgijkln  bcdefhil     jkn   -
    2013-01-14                 cdel        ^cdel  abfgijkn   abfh       abcdefgijkln  abcdefhl     jkn   h
    2013-01-14T10:00Z          del         ^del   abcfgijkn  abcfhi     abcdefgijkln  abcdefhil    jkn   h
    2013-01-14T10:00:00Z       de          ^de    abcfgijkln  abcfhi    abcdefgijkln  abcdefhi     jkln  h
    2013-01-14T11:00:00+01:00  de          ^de    abcfgijkln  abcfhi    abcdefgijkln  abcdefhi     jkln  h
    2013-01-14T05:00:00-05:00  de          ^de    abcfgijkln  abcfhi    abcdefgijkln  abcdefhi     jkln  h
    2013-01-14T10:00:00        de          ^de    abcfgijkln  abcfhi    abcdefgijkln  abcdefhi     jkln  h
    2013-01-14T10:00:00.500Z   e           ^e     abcdfgijkln  abcdfghi  abcdefgijkln  abcdefghi   jkln  h
    2013-12-31T23:30:00Z       k           ^k     agn        abcdefghijl  agkn        abcdefghijkl  n    bcdefhijl
    2014-01-01                 -           ^      gn         abcdefghijkl  gn         abcdefghijkl  n    abcdefhijkl
    2016                       -           ^      g          ^          g             ^             -    ^g
    9999-12-31                 -           ^      g          ^          g             ^             -    ^g
    0001                       -           ^      ^          h          ^             h             ^h   -
    """,
)
OTHERS = {
    "Observation?date=2015,2013-01-14T10:00:00Z": "den",
    "Observation?date=ge2013-01-14&date=lt2013-01-15": "abcdefgil",
    "Observation?date=ge2013-01-14T10:00:00%2B00:00": "abcdefgijkln",
    "Observation?date=ge2013-01-14T11:00:00+01:00": "abcdefgijkln",
    "Observation?date:missing=true": "m",
    "Observation?date:missing=false": "abcdefghijkln",
}

# Ten percent of the time between now and the date: a year around 2013, a day around the other two.
AROUND = {
    "2023-01-01": {"2013": "abcdefghijkl", "2013-01-14": "abcdefghijkl"},
    "2013-01-24": {"2013-01-14": "abcdefghil", "2013-01-16": "abfgi", "2013-01-01": "abh"},
    "2013-01-24T10:00:00Z": {"2013-01-14T10:00:00Z": "abcdefghil"},
}
SCHEDULES = {
    "a": timing(event=["2013-03-01"], repeat={"boundsPeriod": {"start": "2013-05-01", "end": "2013-05-31"}}),
    "b": timing(repeat={"boundsPeriod": {"start": "2013-05-01"}}),
    "c": timing(event=["2013-05-01", "2013-06"]),
    "d": timing(code={"text": "BID"}),
    "e": timing(repeat={"boundsDuration": {"value": 10, "unit": "d"}}),
}
LIMITS = by_prefix(
    "Observation?date",
    "abc",
    """
    value    eq  ne   gt   lt   ge   le   sa  eb
    2013     ac  b    b    -    abc  ac   -   -
    2013-04  -   abc  abc  a    abc  a    bc  -
    2013-05  -   abc  bc   a    bc   a    -   -
    2013-06  -   abc  b    abc  b    abc  -   a
    2013-07  -   abc  b    abc  b    abc  -   ac
    """,
) | {"Observation?date:missing=true": "de"}
BIRTHS = {
    "a": {"birthDate": "1970"},
    "b": {"birthDate": "1970-06"},
    "c": {"birthDate": "1970-06-15"},
    "d": {},
}
BIRTH_DATES = by_prefix(
    "Patient?birthdate",
    "abc",
    """
    value                 eq   ne   gt  lt  ge   le   sa  eb
    1970                  abc  -    -   -   abc  abc  -   -
    1970-06               bc   a    a   a   abc  abc  -   -
    1970-06-15            c    ab   ab  ab  abc  abc  -   -
    1970-06-15T12:00Z     -    abc  abc  abc  abc  abc  -  -
    1969-12-31            -    abc  abc  -  abc  -    abc  -
    1971-01-01            -    abc  -   abc  -   abc  -   abc
    """,
)
UPDATES = by_prefix(
    "Basic?_lastUpdated",
    "abc",
    """
    value                          eq   ne   gt   lt   ge   le   sa   eb   ap
    2020                           abc  -    -    -    abc  abc  -    -    abc
    2020-05                        abc  -    -    -    abc  abc  -    -    abc
    2020-05-10                     ab   c    c    -    abc  ab   c    -    abc
    2020-05-10T10:00Z              ab   c    c    -    abc  ab   c    -    ab
    2020-05-10T10:00:01Z           b    ac   c    a    bc   ab   c    a    ab
    2020-05-10T10:00:01.500Z       b    ac   c    a    bc   ab   c    a    ab
    2020-05-10T12:00:01.500+02:00  b    ac   c    a    bc   ab   c    a    ab
    2020-05-10T10:00:01.499Z       -    abc  bc   a    bc   a    bc   a    ab
    2020-05-10T10:00:01.501Z       -    abc  c    ab   c    ab   c    ab   ab
    2020-05-11T00:00:00.000Z       c    ab   -    ab   c    abc  -    ab   c
    2019                           -    abc  abc  -    abc  -    abc  -    -
    """,
)
WRITTEN = {"a": "10T10:00:00.999Z", "b": "10T10:00:01.500Z", "c": "11T00:00:00.000Z"}
NO_DATES = (
    "2013-13", "2013-00", "2013-02-30", "2013-01-14T10", "2013-01-14T25:00Z", "2013-01-14T10:60Z", "2013-01-14T10:00:61Z",
    "2013-01-14T10:00:00+15:00", "2013-01-14T10:00:00X", "13-01-14", "20130114", "2013-1-4", "0000", "tomorrow", "gt", "xx2013",
    "٢٠١٣", "2013-01-14T10:00:00.Z", "2013/01/14",
)  # fmt: skip
REFUSED = {
    **{f"Observation?date={value}": "date is not a" for value in NO_DATES},
    **{f"Observation?_lastUpdated={value}": "_lastUpdated is not a" for value in NO_DATES},
    "Observation?date=2013,x": "date is not a FHIR date or time: x",
    "Observation?date:missing=0": "date:missing=0 is neither true nor false",
    **by_refused_modifier("Observation?date", "2013", NOT_OF_RANGES),
}


def test_dates_are_found_by_every_prefix_in_every_precision(client: Client) -> None:
    loaded(client, "Observation", OBSERVATIONS, status="final", code={"text": "x"})
    loaded(client, "Patient", BIRTHS)
    require_found(client, DATES | BIRTH_DATES | OTHERS)


def test_of_a_timing_only_the_outer_limits_count(client: Client) -> None:
    loaded(client, "Observation", SCHEDULES, status="final", code={"text": "x"})
    require_found(client, LIMITS)


def test_approximately_is_a_tenth_of_the_time_since(client: Client) -> None:
    loaded(client, "Observation", OBSERVATIONS, status="final", code={"text": "x"})
    for now, cases in AROUND.items():
        with time_machine.travel(datetime.fromisoformat(now).replace(tzinfo=UTC), tick=False):
            require_found(client, {f"Observation?date=ap{value}": word for value, word in cases.items()})


def test_the_last_change_is_one_moment(client: Client) -> None:
    for name, moment in WRITTEN.items():
        with time_machine.travel(datetime.fromisoformat(f"2020-05-{moment}"), tick=False):
            loaded(client, "Basic", {name: {}}, code={"text": "x"})
    with time_machine.travel(datetime(2020, 5, 11, tzinfo=UTC), tick=False):
        require_found(client, UPDATES)


def test_what_is_no_date_is_refused_with_its_place(client: Client) -> None:
    require_refused(client, REFUSED)
