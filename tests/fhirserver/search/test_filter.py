"""`_filter`: what each operator finds on each type of parameter, how expressions join, and where each fault is."""

from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.access import AccessGrant, Permission
from fhirserver.search.filter_syntax import parse_filter
from fhirserver.search.limits import MAX_CHAIN, MAX_FILTER_DEPTH, MAX_FILTER_TERMS
from tests.fhirserver.client import Client

LOINC = "http://loinc.org"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
GENDERS = "http://hl7.org/fhir/ValueSet/administrative-gender"


def patient(logical_id: str, gender: str, born: str, family: str, given: str, **more: Any) -> dict[str, Any]:
    name = {"family": family, "given": [given]}
    return {"resourceType": "Patient", "id": logical_id, "gender": gender, "birthDate": born, "name": [name], **more}  # fmt: skip


def pressure(logical_id: str, about: str, systolic: int) -> dict[str, Any]:
    code = {"coding": [{"system": LOINC, "code": "8480-6"}]}
    amount = {"value": systolic, "unit": "mm[Hg]", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"}
    return {
        "resourceType": "Observation", "id": logical_id, "status": "final", "code": code, "valueQuantity": amount,
        "subject": {"reference": about}, "effectivePeriod": {"start": "2020-01-10", "end": "2020-01-20"},
    }  # fmt: skip


RESOURCES: list[dict[str, Any]] = [
    {"resourceType": "Organization", "id": "org", "name": "Org One"},
    patient("ann", "female", "1970-01-31", "Müller", "Ann", managingOrganization={"reference": "Organization/org"}),
    patient("ben", "male", "1980", "Peters", "Ben (junior)"),
    patient("cid", "male", "2001-02-03", "peter", "Cid"),
    {"resourceType": "Patient", "id": "dot"},
    {"resourceType": "Group", "id": "all", "type": "person", "actual": True},
    pressure("high", "Patient/ann", 160),
    pressure("low", "Patient/ben", 110),
    pressure("group", "Group/all", 130),
    {
        "resourceType": "Condition", "id": "back", "subject": {"reference": "Patient/cid"},
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "relapse"}]},
    },
    {"resourceType": "RiskAssessment", "id": "risk", "status": "final", "subject": {"reference": "Patient/ann"}, "prediction": [{"probabilityDecimal": 0.25}]},
    {"resourceType": "ValueSet", "id": "set", "url": "http://vs.example/a/b", "status": "active"},
]  # fmt: skip

CASES = {
    # text
    ("Patient", 'family eq "PETER"'): "cid",
    ("Patient", "family eq muller"): "ann",
    ("Patient", "family ne peter"): "ann ben",
    ("Patient", "family sw pet"): "ben cid",
    ("Patient", "family co ETER"): "ben cid",
    ("Patient", "family ew ers"): "ben",
    ("Patient", "family ew eter"): "cid",
    ("Patient", "family ew Müller"): "ann",
    ("Patient", "family gt peter"): "ben",
    ("Patient", "family ge peter"): "ben cid",
    ("Patient", "family lt peter"): "ann",
    ("Patient", "family le peter"): "ann cid",
    ("Patient", "family pr true"): "ann ben cid",
    ("Patient", "family pr false"): "dot",
    ("Patient", 'given eq "ben (junior)"'): "ben",
    ("Patient", 'given eq "ben \\u0028junior\\u0029"'): "ben",
    # codes
    ("Patient", "gender eq male"): "ben cid",
    ("Patient", "gender ne male"): "ann",
    ("Patient", "gender pr false"): "dot",
    ("Patient", f"gender in {GENDERS}"): "ann ben cid",
    ("Patient", f"gender ni {GENDERS}"): "",
    ("Condition", f"clinical-status ss {CLINICAL}|active"): "back",
    ("Condition", f"clinical-status sb {CLINICAL}|active"): "",
    ("Observation", f'code eq "{LOINC}|8480-6" and subject:Group pr true'): None,
    ("Patient", "_id eq ann"): "ann",
    ("Patient", "_id ne ann"): "ben cid dot",
    # dates
    ("Patient", "birthdate eq 1980"): "ben",
    ("Patient", "birthdate ne 1980"): "ann cid",
    ("Patient", "birthdate gt 1980-06-01"): "ben cid",
    ("Patient", "birthdate sa 1980"): "cid",
    ("Patient", "birthdate eb 1980"): "ann",
    ("Patient", "birthdate le 1970-01-31"): "ann",
    ("Patient", "birthdate po 1980-05"): "ben",
    ("Observation", "date po 2020-01-15"): "group high low",
    ("Observation", "date po 2020-01-21"): "",
    ("Observation", "date eq 2020-01-15"): "",
    ("Observation", "_lastUpdated po 2020"): "",
    ("Observation", "_lastUpdated gt 2020"): "group high low",
    # numbers and quantities
    ("RiskAssessment", "probability eq 0.25"): "risk",
    ("RiskAssessment", "probability lt 0.25"): "",
    ("Observation", "value-quantity gt 120"): "group high",
    ("Observation", "value-quantity le 130|http://unitsofmeasure.org|mm[Hg]"): None,
    ("Observation", 'value-quantity le "130|http://unitsofmeasure.org|mm[Hg]"'): "group low",
    ("Observation", "value-quantity ap 120"): "group low",
    # references, addresses
    ("Observation", "subject re Patient/ann"): "high",
    ("Observation", "subject eq Patient/ann"): "high",
    ("Observation", "subject ne Patient/ann"): "group low",
    ("Patient", "organization pr true"): "ann",
    ("ValueSet", "url eq http://vs.example/a/b"): "set",
    ("ValueSet", "url sw http://vs.example/a"): "set",
    # paths
    ("Patient", 'organization.name eq "Org One"'): "ann",
    ("Observation", "subject.gender eq male"): "low",
    ("Observation", "subject:Patient.organization.name sw org"): "high",
    ("Observation", "subject[gender eq male].birthdate gt 1979"): "low",
    ("Observation", "subject[gender eq female].birthdate gt 1979"): "",
    ("Patient", "_has:Observation:patient:value-quantity gt 150"): "ann",
    ("Patient", "not (_has:Observation:patient:code pr true)"): "cid dot",
    # composites
    ("Observation", f"code-value-quantity[code eq {LOINC}|8480-6].value-quantity gt 120"): "group high",
    ("Observation", 'code-value-quantity eq "8480-6$lt120"'): "low",
    # how they join
    ("Patient", "gender eq male and birthdate gt 2000-01-01"): "cid",
    ("Patient", "not (gender eq male)"): "ann dot",
    ("Patient", "not(gender eq male)and(birthdate pr true)"): "ann",
    ("Patient", "gender eq female or gender eq male and birthdate gt 2000"): "cid",
    ("Patient", "gender eq female or (gender eq male and birthdate gt 2000)"): "ann cid",
    ("Patient", "not (not (not (gender eq female or family sw peters)))"): "cid dot",
    ("Patient", "  gender\teq   male  "): "ben cid",
}  # fmt: skip


@pytest.fixture
def loaded(client: Client) -> Client:
    bulk.load(client.partition, RESOURCES, validate=True)
    return client


def ask(client: Client, resource_type: str, expression: str) -> Any:
    from urllib.parse import quote

    return client.get(f"{resource_type}?_filter={quote(expression)}")


def found(client: Client, resource_type: str, expression: str) -> str | None:
    """The ids in order; None when it is refused."""
    answered = ask(client, resource_type, expression)
    if answered.status == 400:
        return None
    assert answered.status == 200, (expression, answered.body)
    return " ".join(sorted(one["resource"]["id"] for one in answered.json().get("entry", [])))


def test_each_operator_finds_what_it_means(loaded: Client) -> None:
    assert {case: found(loaded, *case) for case in CASES} == CASES


def test_a_filter_goes_with_other_parameters_and_into_chains(loaded: Client) -> None:
    answered = loaded.get("Patient?gender=male&_filter=family ew ers&_sort=_id&_total=accurate")
    assert [one["resource"]["id"] for one in answered.json()["entry"]] == ["ben"]
    chained = loaded.get("Observation?subject._filter=gender eq male or gender eq female&_sort=_id")
    assert [one["resource"]["id"] for one in chained.json()["entry"]] == ["high", "low"]


def test_a_filter_stays_inside_of_the_grant(loaded: Client) -> None:
    own = (Permission(name, frozenset("rs"), ("Patient", "ben")) for name in ("Patient", "Observation"))
    ben = Client(loaded.partition, AccessGrant(tuple(own)))
    assert found(ben, "Patient", "not (gender eq female)") == "ben"
    assert found(ben, "Observation", "subject.gender eq female or subject.gender eq male") == "low"
    assert found(ben, "Patient", "organization.name pr true") == ""


FAULTS = {
    "gender": "character 7",
    "gender is male": "is is no operator",
    "gender eq": "a value is expected instead of the end, at character 10",
    "gender eq male birthdate eq 1970": "character 16",
    "(gender eq male": "( is not closed by ), at character 1",
    "gender eq male)": "character 15",
    "not gender eq male": "character 5",
    'family eq "abc': "quotation mark",
    'family eq "\\x"': "JSON, at character 11",
    'family eq ""': "empty value, at character 1",
    "gender eq male and colour eq red": "colour is not a search parameter",
    "gender eq male and birthdate co 1970": "birthdate does not take co; a date parameter takes these: eq, ne",
    "gender eq male and birthdate eq 1970-13": "calendar",
    "gender:not eq male": "operators take the place of modifiers",
    "gender.name eq x": "gender is no reference",
    "organization[name eq x] eq y": "after ]",
    "family pr yes": "takes true or false",
    "_text eq words": "_text does not take eq; a string parameter takes these: co",
    '_text co "\\"x"': "quotation mark",
}


@pytest.mark.parametrize("expression", FAULTS, ids=range(len(FAULTS)))
def test_a_fault_is_named_with_its_place(client: Client, expression: str) -> None:
    answered = ask(client, "Patient", expression)
    assert answered.status == 400
    told = answered.json()["issue"][0]["diagnostics"]
    assert told.startswith("_filter: ")
    assert "at character" in told
    assert FAULTS[expression] in told


def test_what_is_too_large_names_the_limit(client: Client) -> None:
    deep = "(" * (MAX_FILTER_DEPTH + 1) + "gender eq male" + ")" * (MAX_FILTER_DEPTH + 1)
    wide = " or ".join(["gender eq male"] * (MAX_FILTER_TERMS + 1))
    chained = f"{'link.' * (MAX_CHAIN + 1)}gender eq male"
    turns = "gender eq male" + " and gender eq male or gender eq male" * MAX_FILTER_DEPTH
    for expression, limit in [
        (deep, "MAX_FILTER_DEPTH"),
        (turns, "MAX_FILTER_DEPTH"),
        (wide, "MAX_FILTER_TERMS"),
        (chained, "MAX_CHAIN"),
    ]:
        told = ask(client, "Patient", expression).json()["issue"][0]
        assert (told["code"], limit in told["diagnostics"]) == ("too-costly", True)


def test_what_is_just_not_too_large_is_answered(loaded: Client) -> None:
    deep = "not (" * MAX_FILTER_DEPTH + "gender eq male" + ")" * MAX_FILTER_DEPTH
    assert found(loaded, "Patient", deep) == "ben cid"
    nested = "gender eq male"
    for number in range(MAX_FILTER_DEPTH // 2):
        nested = f"not ({nested} {('or', 'and')[number % 2]} _has:Observation:patient:subject.gender eq male)"
    assert found(loaded, "Patient", nested) is not None
    wide = " or ".join(["family eq peter", "birthdate gt 2000"] * (MAX_FILTER_TERMS // 2))
    assert found(loaded, "Patient", f"({wide})") == "cid"


def test_a_string_may_hold_what_a_token_may_not() -> None:
    parsed = parse_filter('name eq "a \\"b\\" ) and ] or (c"')
    assert getattr(parsed, "value", "") == 'a "b" ) and ] or (c'
