"""$expand, $validate-code, $lookup and $subsumes over value sets and code systems that a client stored."""

from typing import Any
from urllib.parse import urlencode

import pytest

from fhirserver.operations import expand
from tests.fhirserver.client import Answered, Client

Json = dict[str, Any]
COLORS = "http://example.org/colors"
SETS = "http://example.org/sets"


@pytest.fixture
def colored(client: Client) -> Client:
    red = {"code": "red", "display": "Red", "concept": [{"code": "crimson", "display": "Crimson"}]}
    red |= {
        "designation": [{"language": "de", "value": "Rot"}],
        "property": [{"code": "warm", "valueBoolean": True}],
    }
    retired = {"code": "mauve", "display": "Mauve", "property": [{"code": "status", "valueCode": "retired"}]}
    group = {
        "code": "any",
        "display": "Any color",
        "property": [{"code": "notSelectable", "valueBoolean": True}],
    }
    system = {"url": COLORS, "version": "1", "name": "Colors", "status": "active", "content": "complete"}
    client.put(
        "CodeSystem/colors",
        {
            "resourceType": "CodeSystem",
            "id": "colors",
            **system,
            "concept": [red, {"code": "blue", "display": "Blue"}, retired, group],
        },
    )
    is_a = {"property": "concept", "op": "is-a", "value": "red"}
    store_set(client, "all", {"include": [{"system": COLORS}]})
    store_set(client, "reds", {"include": [{"system": COLORS, "filter": [is_a]}]})
    store_set(
        client,
        "rest",
        {"include": [{"valueSet": [f"{SETS}/all"]}], "exclude": [{"valueSet": [f"{SETS}/reds|2"]}]},
    )
    return client


def store_set(client: Client, name: str, compose: Json) -> None:
    said = {"url": f"{SETS}/{name}", "version": "2", "status": "active", "compose": compose}
    assert client.put(f"ValueSet/{name}", {"resourceType": "ValueSet", "id": name, **said}).status == 201


def asked(client: Client, address: str, by_post: bool, **parameters: str | bool | int) -> Answered:
    """The same call by the query of a GET, or by the Parameters of a POST."""
    if not by_post:
        texts = {
            name: str(value).lower() if isinstance(value, bool) else value
            for name, value in parameters.items()
        }
        return client.get(f"{address}?{urlencode(texts)}")
    kinds: dict[type, str] = {bool: "valueBoolean", int: "valueInteger", str: "valueString"}
    listed = [{"name": name, kinds[type(value)]: value} for name, value in parameters.items()]
    return client.post(address, {"resourceType": "Parameters", "parameter": listed})


def codes(answered: Answered) -> list[str]:
    assert answered.status == 200, answered.body
    return [one["code"] for one in answered.json()["expansion"].get("contains", [])]


@pytest.mark.parametrize("by_post", [False, True])
@pytest.mark.parametrize(
    ("name", "parameters", "expected"),
    [
        ("all", {}, ["red", "crimson", "blue", "mauve", "any"]),
        ("reds", {}, ["red", "crimson"]),
        ("rest", {}, ["blue", "mauve", "any"]),
        ("all", {"filter": "r"}, ["red", "crimson", "any"]),
        ("all", {"count": 2, "offset": 1}, ["crimson", "blue"]),
        ("all", {"count": 0}, []),
        ("all", {"activeOnly": True, "count": 3, "offset": 2}, ["blue", "any"]),
        ("all", {"exclude-system": COLORS}, []),
    ],
)
def test_a_value_set_is_expanded(
    colored: Client, by_post: bool, name: str, parameters: dict[str, Any], expected: list[str]
) -> None:
    assert codes(asked(colored, f"ValueSet/{name}/$expand", by_post, **parameters)) == expected
    assert codes(asked(colored, "ValueSet/$expand", by_post, url=f"{SETS}/{name}", **parameters)) == expected


def test_an_expansion_tells_its_parameters_and_designations(colored: Client) -> None:
    address = f"ValueSet/$expand?url={SETS}/reds&includeDesignations=true&count=1"
    expansion = colored.get(address).json()["expansion"]
    assert (expansion["total"], expansion["offset"]) == (2, 0)
    assert {"name": "count", "valueInteger": 1} in expansion["parameter"]
    assert expansion["contains"][0]["designation"] == [{"language": "de", "value": "Rot"}]


def test_codes_are_shown_in_the_language_asked_for(colored: Client) -> None:
    def displays(query: str) -> list[str]:
        return [
            one["display"]
            for one in colored.get(f"ValueSet/reds/$expand?{query}").json()["expansion"]["contains"]
        ]

    assert displays("displayLanguage=de") == displays("displayLanguage=de-CH") == ["Rot", "Crimson"]
    assert displays("displayLanguage=fr") == ["Red", "Crimson"]
    found = colored.get(f"CodeSystem/$lookup?system={COLORS}&code=red&displayLanguage=de").json()["parameter"]
    assert {"name": "display", "valueString": "Rot"} in found
    code = f"ValueSet/reds/$validate-code?system={COLORS}&code=red&displayLanguage=de"
    assert {"name": "display", "valueString": "Rot"} in colored.get(code).json()["parameter"]
    assert verdict(colored.get(f"{code}&display=Rot"))
    assert verdict(colored.get(f"CodeSystem/$validate-code?url={COLORS}&code=red&display=rot"))
    assert not verdict(colored.get(f"{code}&display=Blau"))


def test_what_an_expansion_has_of_a_code_is_chosen(colored: Client) -> None:
    def contains(query: str) -> list[Json]:
        found: list[Json] = colored.get(f"ValueSet/all/$expand?{query}").json()["expansion"]["contains"]
        return found

    german = contains("designation=urn:ietf:bcp:47|de")
    assert [one["code"] for one in german if "designation" in one] == ["red"]
    assert not [one for one in contains("designation=urn:ietf:bcp:47|fr") if "designation" in one]
    assert "any" not in [one["code"] for one in contains("excludeNotForUI=true")]
    plain = contains("")
    assert (
        contains(f"excludeNested=true&excludePostCoordinated=true&force-system-version={COLORS}|1") == plain
    )


def test_more_codes_than_one_answer_holds_are_asked_for_in_pages(
    colored: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expand, "MAX_EXPANSION", 3)
    refused = colored.get("ValueSet/all/$expand")
    assert (refused.status, refused.json()["issue"][0]["code"]) == (400, "too-costly")
    assert "MAX_EXPANSION" in refused.json()["issue"][0]["diagnostics"]
    assert codes(colored.get("ValueSet/all/$expand?count=9")) == ["red", "crimson", "blue"]
    assert codes(colored.get("ValueSet/all/$expand?offset=2")) == ["blue", "mauve", "any"]
    assert codes(colored.get("ValueSet/reds/$expand")) == ["red", "crimson"]


def test_a_value_set_that_is_sent_is_expanded(colored: Client) -> None:
    sent = {
        "resourceType": "ValueSet",
        "status": "active",
        "compose": {"include": [{"valueSet": [f"{SETS}/reds"]}]},
    }
    assert codes(colored.post("ValueSet/$expand", sent)) == ["red", "crimson"]
    given = {"resourceType": "Parameters", "parameter": [{"name": "valueSet", "resource": sent}]}
    assert codes(colored.post("ValueSet/$expand", given)) == ["red", "crimson"]


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        (f"ValueSet/$expand?url={SETS}/none", 404, "not known"),
        (f"ValueSet/$expand?url={SETS}/all&valueSetVersion=9", 404, "9"),
        (f"ValueSet/$expand?url={SETS}/all|9", 404, "9"),
        ("ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender|9", 404, "not 9"),
        (
            "ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/administrative-gender|9&code=male",
            404,
            "not 9",
        ),
        ("CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender|9&code=male", 404, "not 9"),
        ("ValueSet/all/$expand?context=http://example.org/x", 400, "context is not supported"),
        ("ValueSet/all/$expand?date=2011", 400, "date is not supported"),
        ("ValueSet/all/$validate-code?code=red&date=2011", 400, "date is not supported"),
        (f"CodeSystem/$lookup?system={COLORS}&code=red&date=2011", 400, "date is not supported"),
        (f"ValueSet/all/$expand?system-version={COLORS}|2", 404, "in version 1, not 2"),
        ("ValueSet/$expand", 400, "by url"),
        ("ValueSet/all/$expand?count=many", 400, "count"),
        ("ValueSet/all/$validate-code", 400, "code"),
        (f"CodeSystem/$lookup?system={COLORS}&code=none", 404, "none"),
        (f"CodeSystem/$lookup?system={COLORS}&version=7&code=red", 404, "version 1"),
        ("CodeSystem/$lookup?code=red", 400, "system"),
        ("CodeSystem/$subsumes?codeA=red", 400, "codeB"),
        (f"CodeSystem/$subsumes?system={COLORS}&codeA=red&codeB=none", 404, "none"),
    ],
)
def test_what_cannot_be_answered_says_why(colored: Client, address: str, status: int, words: str) -> None:
    answered = colored.get(address)
    assert (answered.status, words in answered.json()["issue"][0]["diagnostics"]) == (status, True)


def verdict(answered: Answered) -> bool:
    assert answered.status == 200, answered.body
    return bool(next(one["valueBoolean"] for one in answered.json()["parameter"] if one["name"] == "result"))


@pytest.mark.parametrize("by_post", [False, True])
@pytest.mark.parametrize(
    ("parameters", "in_reds", "in_system"),
    [
        ({"code": "crimson", "system": COLORS}, True, True),
        ({"code": "blue", "system": COLORS}, False, True),
        ({"code": "black", "system": COLORS}, False, False),
        ({"code": "red", "system": COLORS, "display": "Rouge"}, False, False),
        ({"code": "any", "system": COLORS}, False, False),
        ({"code": "any", "system": COLORS, "abstract": True}, False, True),
    ],
)
def test_a_code_is_validated(
    colored: Client, by_post: bool, parameters: dict[str, Any], in_reds: bool, in_system: bool
) -> None:
    assert verdict(asked(colored, "ValueSet/reds/$validate-code", by_post, **parameters)) == in_reds
    assert (
        verdict(asked(colored, "ValueSet/$validate-code", by_post, url=f"{SETS}/reds", **parameters))
        == in_reds
    )
    assert verdict(asked(colored, "CodeSystem/colors/$validate-code", by_post, **parameters)) == in_system
    assert (
        verdict(asked(colored, "CodeSystem/$validate-code", by_post, url=COLORS, **parameters)) == in_system
    )


def test_one_coding_of_a_concept_is_enough(colored: Client) -> None:
    codings = [{"system": COLORS, "code": one} for one in ("blue", "crimson")]
    given = {"name": "codeableConcept", "valueCodeableConcept": {"coding": codings}}
    assert verdict(
        colored.post("ValueSet/reds/$validate-code", {"resourceType": "Parameters", "parameter": [given]})
    )


def test_a_code_is_looked_up(colored: Client) -> None:
    found = colored.get(f"CodeSystem/$lookup?system={COLORS}&code=red").json()["parameter"]
    told = {one["name"]: one.get("valueString") for one in found if "part" not in one}
    assert told == {"name": "Colors", "version": "1", "display": "Red"}
    parts = [
        [part.get("valueCode", part.get("valueBoolean")) for part in one["part"]]
        for one in found
        if "part" in one
    ]
    assert parts == [["de", None], ["child", "crimson"], ["warm", True]]
    parent = colored.get(f"CodeSystem/$lookup?system={COLORS}&code=crimson&property=parent").json()[
        "parameter"
    ][-1]
    assert [part["valueCode"] for part in parent["part"]] == ["parent", "red"]


@pytest.mark.parametrize(
    ("code_a", "code_b", "outcome"),
    [
        ("red", "crimson", "subsumes"),
        ("crimson", "red", "subsumed-by"),
        ("red", "red", "equivalent"),
        ("red", "blue", "not-subsumed"),
    ],
)
def test_one_code_stands_above_another(colored: Client, code_a: str, code_b: str, outcome: str) -> None:
    for address in (f"CodeSystem/$subsumes?system={COLORS}&", "CodeSystem/colors/$subsumes?"):
        answered = colored.get(f"{address}codeA={code_a}&codeB={code_b}").json()
        assert answered["parameter"] == [{"name": "outcome", "valueCode": outcome}]


def _sent(**parameter: Any) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": [{"name": "valueSet", **parameter}]}


SHAPELESS: list[tuple[str, Any, str]] = [
    ("ValueSet/$expand", _sent(resource={"resourceType": "ValueSet", "compose": {"include": [{"system": {}}]}}), "ValueSet.compose.include[0].system"),
    ("ValueSet/$validate-code?code=a", _sent(resource={"resourceType": "ValueSet", "compose": 7}), "ValueSet.compose"),
    ("ValueSet/$expand", {"resourceType": "ValueSet", "compose": {"include": "all"}}, "ValueSet.compose.include"),
    ("ValueSet/$expand", _sent(resource="all"), "ValueSet"),
    ("ValueSet/$expand", {"resourceType": "Parameters", "parameter": 7}, "Parameters.parameter"),
    ("ValueSet/$expand", {"resourceType": "Parameters", "parameter": [7]}, "Parameters.parameter[0]"),
    ("CodeSystem/$lookup", {"resourceType": "Parameters", "parameter": [{"name": "coding", "valueCoding": {"code": []}}]}, "Parameters.parameter[0].value.code"),
    ("CodeSystem/$validate-code", {"resourceType": "Parameters", "parameter": [{"name": "codeableConcept", "valueCodeableConcept": {"coding": [7]}}]}, "Parameters.parameter[0].value.coding[0]"),
]  # fmt: skip


@pytest.mark.parametrize(("address", "body", "place"), SHAPELESS)
def test_what_is_sent_in_another_shape_is_refused_with_its_place(
    client: Client, address: str, body: Any, place: str
) -> None:
    answered = client.post(address, body)
    issue = answered.json()["issue"][0]
    assert answered.status in (400, 422), issue
    assert issue.get("expression", [place])[0] == place, issue


def test_a_value_set_that_is_sent_need_not_say_its_status(client: Client) -> None:
    include = [{"system": "http://codes.example", "concept": [{"code": "a"}]}]
    answered = client.post("ValueSet/$expand", {"resourceType": "ValueSet", "compose": {"include": include}})
    assert answered.status == 200
    assert [one["code"] for one in answered.json()["expansion"]["contains"]] == ["a"]
