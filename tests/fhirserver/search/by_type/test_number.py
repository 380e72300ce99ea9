"""number: value × prefix × modifier. https://hl7.org/fhir/R4/search.html#number

`eq` and `ne` ask for all numbers that the digits may stand for (100 is 99.5 up to 100.5), `ap` for ten percent around it; the others
take the number as exact. Ranges are found by what their ends leave open.
"""

from typing import Any

from tests.fhirserver.client import Client
from tests.fhirserver.search.by_type.tables import (
    NOT_OF_RANGES,
    by_prefix,
    by_refused_modifier,
    loaded,
    require_found,
    require_refused,
)


def probability(value: float) -> dict[str, Any]:
    return {"prediction": [{"probabilityDecimal": value}]}


def between(**ends: float) -> dict[str, Any]:
    bounds = {name: {"value": value, "unit": "%"} for name, value in ends.items()}
    return {"prediction": [{"probabilityRange": bounds}]}


RISKS = {
    "a": probability(99.49),
    "b": probability(99.5),
    "c": probability(99.995),
    "d": probability(100),
    "e": probability(100.004),
    "f": probability(100.5),
    "g": probability(95),
    "h": probability(105),
    "i": probability(50),
    "j": probability(149.9),
    "k": between(low=90, high=110),
    "l": between(low=101),
    "m": between(high=99),
    "n": {},
    "o": {"prediction": [{"probabilityDecimal": -0.5}, {"probabilityDecimal": 0}]},
}

# 1e2 has one significant figure: 50 up to 150. R4's example says so, too, yet gives the range of 1.0e2; the rule counts.
PROBABILITIES = by_prefix(
    "RiskAssessment?probability",
    "abcdefghijklmo",
    """
    value    eq           ne        gt      lt         ge       le          sa     eb       ap
    100      bcde         ^bcde     efhjkl  abcgikmo   defhjkl  abcdgikmo   efhjl  abcgimo  abcdefghklm
    100.00   cde          ^cde      efhjkl  abcgikmo   defhjkl  abcdgikmo   efhjl  abcgimo  abcdefghklm
    100.000  d            ^d        efhjkl  abcgikmo   defhjkl  abcdgikmo   efhjl  abcgimo  abcdefghklm
    1e2      abcdefghijk  lmo       efhjkl  abcgikmo   defhjkl  abcdgikmo   efhjl  abcgimo  abcdefghklm
    1.00E+2  bcde         ^bcde     efhjkl  abcgikmo   defhjkl  abcdgikmo   efhjl  abcgimo  abcdefghklm
    +100     bcde         ^bcde     efhjkl  abcgikmo   defhjkl  abcdgikmo   efhjl  abcgimo  abcdefghklm
    149.9    j            ^j        l       ^j         jl       ^           -      ^jl      jl
    -0.5     o            ^         ^       m          ^        mo          ^m     -        mo
    0        o            ^o        ^o      mo         ^        mo          ^mo    o        mo
    1e300    -            ^         l       ^          l        ^           -      ^l       l
    """.replace("+", "%2B"),
)
WINDOWS = {
    "a": {"referenceSeq": {"windowStart": 2, "windowEnd": 2}},
    "b": {"referenceSeq": {"windowStart": 3, "windowEnd": 2000}},
    "c": {"referenceSeq": {"windowStart": -4, "windowEnd": 0}},
    "d": {},
}
STARTS = by_prefix(
    "MolecularSequence?window-start",
    "abc",
    """
    value  eq  ne  gt  lt  ge   le   sa  eb  ap
    2      a   bc  b   c   ab   ac   b   c   a
    2.0    a   bc  b   c   ab   ac   b   c   a
    2.5    -   ^   b   ac  b    ac   b   ac  -
    2.8    -   ^   b   ac  b    ac   b   ac  b
    -4     c   ab  ab  -   abc  c    ab  -   c
    """,
)
OTHERS = {
    "RiskAssessment?probability=95,50": "gi",
    "RiskAssessment?probability=lt60,gt149": "ijlmo",
    "RiskAssessment?probability=gt90&probability=lt96": "gkm",
    "RiskAssessment?probability=-0.5&probability=0": "o",
    "RiskAssessment?probability:missing=true": "n",
    "RiskAssessment?probability:missing=false": "abcdefghijklmo",
    "MolecularSequence?window-start:missing=true": "d",
    "MolecularSequence?window-start=2&window-end=2": "a",
    "MolecularSequence?window-end=2e3": "b",
    "MolecularSequence?window-end=2e+3": "b",
}
NO_NUMBERS = (
    "abc",
    "gt",
    "",
    "eq",
    "1,",
    "xx5",
    "gtgt5",
    "1.2.3",
    "0x10",
    "1_000",
    "NaN",
    "Infinity",
    "-",
    "1e",
    "1e999",
    "١٢",
    "5 6",
    "5|mg",
    ".5.",
    "9" * 400,
)
REFUSED = {
    **{
        f"RiskAssessment?probability={value}": "probability"
        for value in NO_NUMBERS
        if value not in ("", "1,")
    },
    "RiskAssessment?probability=1,abc": "probability=abc is not a number",
    "RiskAssessment?probability:missing=perhaps": "probability:missing=perhaps",
    **by_refused_modifier("RiskAssessment?probability", "1", f"{NOT_OF_RANGES} Patient"),
}


def test_numbers_are_found_by_every_prefix(client: Client) -> None:
    loaded(client, "RiskAssessment", RISKS, status="final", subject={"reference": "Patient/x"})
    loaded(client, "MolecularSequence", WINDOWS, coordinateSystem=0)
    require_found(client, PROBABILITIES | STARTS | OTHERS)


def test_what_is_no_number_is_refused_with_its_place(client: Client) -> None:
    require_refused(client, REFUSED)
