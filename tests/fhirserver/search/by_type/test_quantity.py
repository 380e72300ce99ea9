"""quantity: value × prefix × unit × modifier. https://hl7.org/fhir/R4/search.html#quantity

`number|system|code` is compared in UCUM's base units, `number||code` with whoever has that code or that human unit, `number` with all
numbers as they stand.
"""

from decimal import Decimal
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

UCUM = "http://unitsofmeasure.org"
ELSEWHERE = "http://units.example"
MINIMAL = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}


def quantity(
    value: float, code: str = "", system: str = "", unit: str = "", comparator: str = ""
) -> dict[str, Any]:
    parts = {"value": value, "comparator": comparator, "unit": unit, "system": system, "code": code}
    return {"valueQuantity": {name: part for name, part in parts.items() if part != ""}}


def samples(data: str, code: str) -> dict[str, Any]:
    origin = {"value": 5, "system": UCUM, "code": code}
    return {"valueSampledData": {"origin": origin, "period": 1, "dimensions": 1, "factor": 0.1, "data": data}}


OBSERVATIONS = {
    "a": quantity(5.4, "mg", UCUM, "milligram"),
    "b": quantity(0.0054, "g", UCUM),
    "c": quantity(5.4, unit="mg"),
    "d": quantity(5.4, "mg", ELSEWHERE),
    "e": quantity(5.45, "mg", UCUM),
    "f": quantity(5.35, "mg", UCUM),
    "g": quantity(5.44, "mg", UCUM),
    "h": quantity(5, "mg", UCUM, comparator="<"),
    "i": quantity(5.5, "mg", UCUM, comparator=">"),
    "j": quantity(6, "mg", UCUM),
    "k": {"valueString": "5.4"},
    "l": quantity(5.4, "kg", UCUM),
    "m": quantity(5.4),
    "n": samples("3 E 4 5", "mg"),  # 5.3 to 5.5
}
MASSES = by_prefix(
    "Observation?value-quantity",
    "abefghijln",
    f"""
    value             eq    ne     gt      lt         ge        le         sa     eb        ap
    5.4|{UCUM}|mg     abfg  ^abfg  egijln  fhn        abegijln  abfhn      egijl  fh        abefghin
    0.0054|{UCUM}|g   abfg  ^abfg  egijln  fhn        abegijln  abfhn      egijl  fh        abefghin
    5.40e-3|{UCUM}|g  ab    ^ab    egijln  fhn        abegijln  abfhn      egijl  fh        abefghin
    5.4e-6|{UCUM}|kg  abfg  ^abfg  egijln  fhn        abegijln  abfhn      egijl  fh        abefghin
    5400|{UCUM}|ug    ab    ^ab    egijln  fhn        abegijln  abfhn      egijl  fh        abefghin
    7|{UCUM}|mg       -     ^      il      abefghijn  il        abefghijn  l      abefghjn  i
    """,
)
NUMBERS = by_prefix(
    "Observation?value-quantity",
    "abcdefghijlmn",
    """
    value  eq       ne        gt     lt    ge          le         sa    eb   ap
    5.4    acdfglm  ^acdfglm  egijn  bfhn  acdegijlmn  abcdfhlmn  egij  bfh  ^bj
    5.40   acdlm    ^acdlm    egijn  bfhn  acdegijlmn  abcdfhlmn  egij  bfh  ^bj
    """,
)
# A code without a system is compared with codes and with human units.
UNITS = by_prefix(
    "Observation?value-quantity",
    "acdefghijn",
    """
    value          eq     ne      gt     lt   ge        le      sa    eb  ap
    5.4||mg        acdfg  ^acdfg  egijn  fhn  acdegijn  acdfhn  egij  fh  ^j
    5.40||mg       acd    ^acd    egijn  fhn  acdegijn  acdfhn  egij  fh  ^j
    """,
)
OTHERS = {
    "Observation?value-quantity=5.4||milligram": "a",
    "Observation?value-quantity=5.4||kg": "l",
    "Observation?value-quantity=5.4||ug": "-",
    f"Observation?value-quantity=5.4|{UCUM}|": "afgl",
    f"Observation?value-quantity=5.4|{ELSEWHERE}|": "d",
    f"Observation?value-quantity=5.4|{ELSEWHERE}|mg": "d",
    f"Observation?value-quantity=5.4|{ELSEWHERE}|g": "-",
    f"Observation?value-quantity=5.4|{UCUM}|mL": "-",
    f"Observation?value-quantity=ne5.4|{UCUM}|mL": "-",
    f"Observation?value-quantity=5.4|{UCUM}|mg,0.0054": "abfg",
    f"Observation?value-quantity=gt5.3||mg&value-quantity=lt5.41|{UCUM}|mg": "afn",
    f"Observation?value-quantity=5.4|{UCUM}|kg": "l",
    f"Observation?value-quantity=5.4e6|{UCUM}|mg": "l",
    "Observation?value-quantity:missing=true": "k",
    "Observation?value-quantity:missing=false": "abcdefghijlmn",
}
PRICES = {
    "a": {"totalNet": {"value": 12.5, "currency": "EUR"}},
    "b": {"totalNet": {"value": 12.5, "currency": "USD"}},
    "c": {},
}
MONEY = {
    "Invoice?totalnet=12.5": "ab",
    "Invoice?totalnet=12.5||EUR": "a",
    "Invoice?totalnet=12.5|urn:iso:std:iso:4217|USD": "b",
    "Invoice?totalnet=gt12||EUR": "a",
    "Invoice?totalnet:missing=true": "c",
}
FORM = "is not of the form number|system|code"
REFUSED = {
    **{
        f"Observation?value-quantity={value}": f"value-quantity={value} is not a number"
        for value in ("abc", "gt", "mg", "5 mg", "NaN")
    },
    "Observation?value-quantity=gt|mg": "value-quantity=gt is not a number",
    f"Observation?value-quantity=|{UCUM}|mg": "value-quantity= is not a number",
    "Observation?value-quantity=5|a|b|c": FORM,
    "Observation?value-quantity=5,x|a|b": "value-quantity=x is not a number",
    **by_refused_modifier("Observation?value-quantity", "1", NOT_OF_RANGES),
}


def test_quantities_are_found_by_every_prefix_and_way_to_name_the_unit(client: Client) -> None:
    loaded(client, "Observation", OBSERVATIONS, status="final", code={"text": "x"})
    require_found(client, MASSES | NUMBERS | UNITS | OTHERS)


def test_money_is_a_quantity_with_its_currency_for_a_code(client: Client) -> None:
    loaded(client, "Invoice", PRICES, status="issued")
    require_found(client, MONEY)


def test_what_is_no_quantity_is_refused_with_its_place(client: Client) -> None:
    require_refused(client, REFUSED)


def test_amounts_beyond_every_number_and_units_without_sense_are_stored(client: Client) -> None:
    """`1/0` and `10*9999999999` are codes of FHIR, though no unit of UCUM."""
    for number, value in enumerate((Decimal("1e999999999"), Decimal("-1e400"), Decimal("1e-999999999"))):
        huge = {**quantity(0, "kg", UCUM), **MINIMAL, "id": str(number)}
        huge["valueQuantity"]["value"] = value
        assert client.put(f"Observation/{number}", huge).status == 201
    for number, unit in enumerate(("kg/0", "10*9999999999", "kg9999999999")):
        strange = {**quantity(1, unit, UCUM), **MINIMAL, "id": f"u{number}"}
        assert client.put(f"Observation/u{number}", strange).status == 201
        assert client.get(f"Observation?value-quantity=1|{UCUM}|{unit}").json()["total"] == 1
    above = client.get(f"Observation?value-quantity=gt5|{UCUM}|g").json()["entry"]
    assert [one["resource"]["id"] for one in above] == ["0"]
