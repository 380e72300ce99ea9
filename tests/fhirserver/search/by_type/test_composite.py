r"""composite: pairs and triples of values in one place. https://hl7.org/fhir/R4/search.html#composite

Both parts have to be true of one and the same element; each takes the form and the prefixes of its own type. A `$` in a value is `\$`.
"""

from typing import Any

from tests.fhirserver.client import Client
from tests.fhirserver.search.by_type.tables import by_refused_modifier, loaded, require_found, require_refused

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"


def concept(code: str, system: str = LOINC) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def grams(value: float) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": "gram", "system": UCUM, "code": "g"}}


def component(code: str, **value: Any) -> dict[str, Any]:
    return {"code": concept(code), **value}


OBSERVATIONS: dict[str, dict[str, Any]] = {
    "a": {"code": concept("w"), **grams(5)},
    "b": {"code": concept("w"), **grams(7)},
    "c": {"code": concept("v"), **grams(5)},
    "d": {"code": concept("bp"), "component": [component("s", **grams(120)), component("t", **grams(80))]},
    "e": {"code": concept("bp"), "component": [component("s", **grams(80)), component("t", **grams(120))]},
    "f": {"code": concept("c"), "valueCodeableConcept": concept("red", "urn:colors")},
    "g": {"code": concept("c"), "valueCodeableConcept": concept("blue", "urn:colors")},
    "h": {"code": concept("t"), "valueString": "Grüne Wiese"},
    "i": {"code": concept("d"), "valueDateTime": "2020-05-01"},
    "j": {"code": concept("d"), "valuePeriod": {"start": "2020-05-01", "end": "2020-06-30"}},
    "k": {"code": concept("a$b"), "valueString": "x$y,z"},
    "l": {
        "code": concept("bp"),
        "component": [component("s", valueCodeableConcept=concept("red", "urn:colors"))],
    },
}
Q = "Observation?code-value-quantity="
CASES = {
    f"{Q}w$5": "a",
    f"{Q}{LOINC}|w$5": "a",
    f"{Q}|w$5": "-",
    f"{Q}{LOINC}|$5": "ac",
    f"{Q}urn:other|w$5": "-",
    f"{Q}w$eq5": "a",
    f"{Q}w$ne5": "b",
    f"{Q}w$gt5": "b",
    f"{Q}w$lt7": "a",
    f"{Q}w$ge5": "ab",
    f"{Q}w$le5": "a",
    f"{Q}w$sa5": "b",
    f"{Q}w$eb7": "a",
    f"{Q}w$ap5.2": "a",
    f"{Q}w$5000|{UCUM}|mg": "a",
    f"{Q}w$5||g": "a",
    f"{Q}w$5||gram": "a",
    f"{Q}w$5||mg": "-",
    f"{Q}w$5,w$7": "ab",
    f"{Q}w$5,v$5": "ac",
    f"{Q}w$7,v$7": "b",
    f"{Q}w$5&code=v": "-",
    f"{Q}s$120": "-",
    "Observation?component-code-value-quantity=s$120": "d",
    "Observation?component-code-value-quantity=s$80": "e",
    "Observation?component-code-value-quantity=t$gt100": "e",
    "Observation?component-code-value-quantity=s$gt100&component-code-value-quantity=t$lt100": "d",
    "Observation?component-code-value-quantity=w$5": "-",
    "Observation?combo-code-value-quantity=w$5": "a",
    "Observation?combo-code-value-quantity=s$120,w$7": "bd",
    "Observation?combo-code-value-quantity=bp$120": "-",
    "Observation?code-value-concept=c$red": "f",
    "Observation?code-value-concept=c$urn:colors|red": "f",
    "Observation?code-value-concept=c$|red": "-",
    "Observation?code-value-concept=c$urn:colors|": "fg",
    "Observation?code-value-concept=c$red,c$blue": "fg",
    "Observation?component-code-value-concept=s$red": "l",
    "Observation?combo-code-value-concept=s$red,c$blue": "gl",
    "Observation?code-value-string=t$gru": "h",
    "Observation?code-value-string=t$GRÜNE wiese": "h",
    "Observation?code-value-string=t$wiese": "-",
    r"Observation?code-value-string=a\$b$x\$y\,z": "k",
    r"Observation?code-value-string=a\$b$x": "k",
    "Observation?code-value-date=d$2020-05-01": "i",
    "Observation?code-value-date=d$2020-05": "i",
    "Observation?code-value-date=d$2020": "ij",
    "Observation?code-value-date=d$ge2020-05-02": "j",
    "Observation?code-value-date=d$gt2020-06-30": "-",
    "Observation?code-value-date=d$lt2020-05-02": "ij",
    "Observation?code-value-date=d$sa2020-04-30": "ij",
    "Observation?code-value-date=d$eb2020-05-02": "i",
    "Observation?code-value-date=d$ne2020-05-01": "j",
}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "a": {"relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/x"}}]},
    "b": {"relatesTo": [{"code": "appends", "target": {"reference": "DocumentReference/x"}}]},
    "c": {"relatesTo": [{"code": "appends", "target": {"reference": "DocumentReference/y"}}, {"code": "replaces", "target": {"reference": "DocumentReference/z"}}]},
}  # fmt: skip
RELATIONS = {
    "DocumentReference?relationship=DocumentReference/x$replaces": "a",
    "DocumentReference?relationship=DocumentReference/x$appends": "b",
    "DocumentReference?relationship=DocumentReference/y$replaces": "-",
    "DocumentReference?relationship=DocumentReference/x$appends,DocumentReference/z$replaces": "bc",
}
PAIR = "is not of the form value$value"
REFUSED = {
    f"{Q}w": f"code-value-quantity=w {PAIR}",
    f"{Q}w$": f"code-value-quantity=w$ {PAIR}",
    f"{Q}$5": f"code-value-quantity=$5 {PAIR}",
    f"{Q}w$5$6": f"code-value-quantity=w$5$6 {PAIR}",
    rf"{Q}w\$5": f"code-value-quantity=w\\$5 {PAIR}",
    f"{Q}w$x": "value-quantity=x is not a number",
    f"{Q}a|b|c$5": "is not of the form code, system|code, |code or system|",
    "Observation?code-value-date=d$2020-13": "value-date is not a date of the calendar",
    **by_refused_modifier(Q.removesuffix("="), "w$5", "missing exact contains not text in not-in above below of-type identifier"),
}  # fmt: skip


def test_pairs_are_found_in_one_place(client: Client) -> None:
    loaded(client, "Observation", OBSERVATIONS, status="final")
    require_found(client, CASES)


def test_a_reference_stands_in_a_pair(client: Client) -> None:
    loaded(client, "DocumentReference", DOCUMENTS, status="current", content=[{"attachment": {"title": "x"}}])
    require_found(client, RELATIONS)


def test_what_is_no_pair_is_refused_with_its_place(client: Client) -> None:
    require_refused(client, REFUSED)
