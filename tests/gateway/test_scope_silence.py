"""What a confined caller must not learn: no status, ETag or precondition tells of resources outside of its compartment."""

import json
from typing import Any

import pytest

from tests.gateway.attempts import JSON_PATCH, TOUCHED
from tests.gateway.conftest import Caller
from tests.gateway.scoped import Bearer, held, observation, store

SHARED = [{"system": "urn:ward", "value": "7"}]


@pytest.fixture
def alike(full: Caller) -> None:
    """One resource of the own record and two of the other's answer to the same identifier; Observation/o3 has a second version."""
    store(full)
    for logical_id, patient in (("mine", "p1"), ("theirs", "p2"), ("theirs-too", "p2")):
        body = observation(patient, id=logical_id, identifier=SHARED)
        assert full("PUT", f"Observation/{logical_id}", json.dumps(body)).status_code == 201
    for logical_id in ("o3", "gone"):
        full("PUT", f"Observation/{logical_id}", json.dumps(observation("p2", id=logical_id, language="en")))
    full("DELETE", "Observation/gone")


def version_of(full: Caller, logical_id: str) -> str:
    return str(full("GET", f"Observation/{logical_id}")["ETag"])


PRECONDITIONS = [
    {"if_match": 'W/"2"'},
    {"if_match": 'W/"9"'},
    {"if_none_match": "*"},
    {"if_none_match": 'W/"2"'},
]


@pytest.mark.parametrize("precondition", PRECONDITIONS, ids=str)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_precondition_on_another_record_is_refused_before_it_is_compared(
    method: str, precondition: dict[str, str], alike: None, bearer: Bearer, full: Caller
) -> None:
    bodies: dict[str, Any] = {"PUT": observation("p1", id="o3"), "PATCH": TOUCHED}
    body = json.dumps(bodies[method]) if method in bodies else None
    kind = {"content_type": JSON_PATCH} if method == "PATCH" else {}
    answer: Any = bearer("patient/*.cruds")(method, "Observation/o3", body, **precondition, **kind)
    assert answer.status_code == 403
    assert "ETag" not in answer
    assert b"version" not in answer.content
    assert version_of(full, "o3") == 'W/"2"'


@pytest.mark.parametrize("kind", ["batch", "transaction"])
@pytest.mark.parametrize("version", ["2", "9"])
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_precondition_of_an_entry_is_refused_before_it_is_compared(
    method: str, version: str, kind: str, alike: None, bearer: Bearer, full: Caller
) -> None:
    asked = {"method": method, "url": "Observation/o3", "ifMatch": f'W/"{version}"'}
    entry = {"request": asked} | ({"resource": observation("p1", id="o3")} if method == "PUT" else {})
    bundle = json.dumps({"resourceType": "Bundle", "type": kind, "entry": [entry]})
    answer: Any = bearer("patient/*.cruds")("POST", "", bundle)
    told = json.loads(answer.content)
    if kind == "batch":
        assert told["entry"][0]["response"].get("etag") is None
        assert told["entry"][0]["response"]["status"].startswith("403")
    else:
        assert answer.status_code == 403
    assert "current one" not in answer.content.decode()
    assert version_of(full, "o3") == 'W/"2"'


CONDITION = "Observation?identifier=urn:ward|7"


@pytest.mark.parametrize("way", ["alone", "batch", "transaction"])
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_a_condition_sees_and_changes_the_own_record_only(
    method: str, way: str, alike: None, bearer: Bearer, full: Caller
) -> None:
    """Three resources match; only one is the caller's, so that several matches (412) would tell of the others."""
    caller = bearer("patient/*.cruds")
    bodies: dict[str, Any] = {"PUT": observation("p1", identifier=SHARED, language="en"), "PATCH": TOUCHED}
    body = bodies.get(method)
    if way == "alone":
        kind = {"content_type": JSON_PATCH} if method == "PATCH" else {}
        answer: Any = caller(method, CONDITION, body and json.dumps(body), **kind)
    else:
        if method == "PATCH":
            data = "W3sib3AiOiJhZGQiLCJwYXRoIjoiL2xhbmd1YWdlIiwidmFsdWUiOiJlbiJ9XQ=="
            body = {"resourceType": "Binary", "contentType": JSON_PATCH, "data": data}
        entry = {"request": {"method": method, "url": CONDITION}} | ({"resource": body} if body else {})
        answer = caller("POST", "", json.dumps({"resourceType": "Bundle", "type": way, "entry": [entry]}))
        if way == "batch":
            told = json.loads(answer.content)["entry"][0]["response"]
            assert told["status"][:3] in ("200", "204"), told
    assert answer.status_code in (200, 204), answer.content
    mine: Any = full("GET", "Observation/mine")
    assert mine.status_code == 410 if method == "DELETE" else mine["ETag"] == 'W/"2"'
    assert version_of(full, "theirs") == version_of(full, "theirs-too") == 'W/"1"'


def test_a_conditional_create_does_not_answer_with_what_others_have(
    alike: None, bearer: Bearer, full: Caller
) -> None:
    full("DELETE", "Observation/mine")
    caller = bearer("patient/*.cruds")
    new = json.dumps(observation("p1", identifier=SHARED))
    created: Any = caller("POST", "Observation", new, if_none_exist="identifier=urn:ward|7")
    assert created.status_code == 201
    again: Any = caller("POST", "Observation", new, if_none_exist="identifier=urn:ward|7")
    assert (again.status_code, again["ETag"]) == (200, 'W/"1"')


@pytest.mark.parametrize("way", ["alone", "transaction"])
def test_a_condition_that_matches_nothing_does_not_take_over_a_taken_id(
    way: str, alike: None, bearer: Bearer, full: Caller
) -> None:
    condition = "Observation?identifier=urn:ward|8"

    def put(logical_id: str) -> int:
        body = observation("p1", id=logical_id)
        if way == "alone":
            return bearer("patient/*.cruds")("PUT", condition, json.dumps(body)).status_code
        entry = {"request": {"method": "PUT", "url": condition}, "resource": body}
        bundle = {"resourceType": "Bundle", "type": way, "entry": [entry]}
        return bearer("patient/*.cruds")("POST", "", json.dumps(bundle)).status_code

    assert put("o3") == 403
    assert put("mine") == 409
    assert version_of(full, "mine") == 'W/"1"'
    assert put("free") in (200, 201)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("letters", ["cud", "r", ""])
def test_a_condition_takes_the_right_to_search(
    letters: str, method: str, alike: None, bearer: Bearer, full: Caller
) -> None:
    """Without it every condition would match nothing: a delete would seem to succeed, a create would make a duplicate."""
    caller = bearer(f"patient/Observation.{letters} patient/Patient.s" if letters else "patient/Patient.s")
    kind = {"content_type": JSON_PATCH} if method == "PATCH" else {}
    body = {"PUT": json.dumps(observation("p1")), "PATCH": "[]"}.get(method)
    assert caller(method, CONDITION, body, **kind).status_code == 403
    created = caller("POST", "Observation", json.dumps(observation("p1")), if_none_exist="identifier=7")
    assert created.status_code == 403
    assert version_of(full, "mine") == 'W/"1"'


def test_a_deleted_resource_of_another_record_stays_unknown(
    alike: None, bearer: Bearer, full: Caller
) -> None:
    caller = bearer("patient/*.cruds")
    for path in ("Observation/gone", "Observation/gone/_history/1", "Observation/gone/_history/2"):
        answer: Any = caller("GET", path)
        assert (answer.status_code, "ETag" in answer) == (403, False), path
    assert caller("GET", "Observation/gone/_history").status_code == 403
    revived: Any = caller("PUT", "Observation/gone", json.dumps(observation("p1", id="gone")))
    assert (revived.status_code, "ETag" in revived) == (403, False)
    assert caller("DELETE", "Observation/gone").status_code == 403
    assert caller("PATCH", "Observation/gone", "[]", content_type=JSON_PATCH).status_code == 403
    # One of its own it may look back at, and bring back.
    full("DELETE", "Observation/mine")
    assert caller("GET", "Observation/mine").status_code == 410
    assert caller("PUT", "Observation/mine", json.dumps(observation("p1", id="mine"))).status_code == 201


def test_the_number_of_versions_of_another_record_stays_unknown(alike: None, bearer: Bearer) -> None:
    caller = bearer("patient/*.cruds")
    found = {caller("GET", f"Observation/o3/_history/{number}").status_code for number in (1, 2, 3, 99)}
    assert found == {403}
    assert caller("GET", "Observation/mine/_history/9").status_code == 404


def test_what_moved_away_shows_its_earlier_versions_only(alike: None, bearer: Bearer, full: Caller) -> None:
    full("PUT", "Observation/mine", json.dumps(observation("p2", id="mine")))
    caller = bearer("patient/*.cruds")
    assert caller("GET", "Observation/mine").status_code == 403
    history: Any = caller("GET", "Observation/mine/_history")
    assert [one["subject"]["reference"] for one in held(json.loads(history.content))] == ["Patient/p1"]


def test_a_list_of_another_record_does_not_tell_what_it_holds(
    alike: None, bearer: Bearer, full: Caller
) -> None:
    for logical_id, patient in (("private", "p2"), ("own", "p1")):
        body = {"resourceType": "List", "id": logical_id, "status": "current", "mode": "working"}
        subject = {"reference": f"Patient/{patient}"}
        entry = [{"item": {"reference": "Observation/mine"}}]
        stored = full("PUT", f"List/{logical_id}", json.dumps(body | {"subject": subject, "entry": entry}))
        assert stored.status_code == 201
    caller = bearer("patient/*.rs")
    found = {
        name: len(list(held(json.loads(caller("GET", f"Observation?_list={name}").content))))
        for name in ("own", "private")
    }
    assert found == {"own": 1, "private": 0}
    assert len(list(held(json.loads(full("GET", "Observation?_list=private").content)))) == 1


def test_an_export_does_not_tell_of_other_patients_and_groups(
    alike: None, bearer: Bearer, full: Caller
) -> None:
    group = {"resourceType": "Group", "id": "ward", "type": "person", "actual": True}
    member = [{"entity": {"reference": "Patient/p2"}}]
    assert full("PUT", "Group/ward", json.dumps(group | {"member": member})).status_code == 201
    caller = bearer("patient/*.rs")
    assert caller("GET", "Group/ward/$export", prefer="respond-async").status_code == 403
    answers = [
        json.loads(caller("GET", f"Patient/$export?patient=Patient/{one}", prefer="respond-async").content)
        for one in ("p2", "nobody")
    ]
    told = [one["issue"][0]["diagnostics"].replace("nobody", "p2") for one in answers]
    assert told[0] == told[1]


@pytest.mark.parametrize(("letters", "status"), [("u", 201), ("c", 201), ("cu", 201), ("rsd", 403)])
def test_an_update_that_creates_is_within_the_update_scope(
    letters: str, status: int, alike: None, bearer: Bearer
) -> None:
    """https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html says so of `u`."""
    caller = bearer(f"patient/Observation.{letters}")
    own, other = (json.dumps(observation(patient, id="fresh")) for patient in ("p1", "p2"))
    assert caller("PUT", "Observation/fresh", other).status_code == 403
    entry = {"request": {"method": "PUT", "url": "Observation/new"}, "resource": observation("p1", id="new")}
    bundle = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert caller("POST", "", bundle).status_code == (200 if status == 201 else 403)
    assert caller("PUT", "Observation/fresh", own).status_code == status


def test_a_list_of_versions_takes_the_right_to_search(alike: None, bearer: Bearer) -> None:
    """SMART counts the history of a resource among `r`, that of a type and of the server among `s`."""
    reader, searcher = bearer("patient/Observation.r"), bearer("patient/Observation.s")
    assert reader("GET", "Observation/o1/_history").status_code == 200
    for path in ("Observation/_history", "_history"):
        assert reader("GET", path).status_code == 403
        answer: Any = searcher("GET", path)
        assert {one["subject"]["reference"] for one in held(json.loads(answer.content))} == {"Patient/p1"}
    assert searcher("GET", "Observation/o1/_history").status_code == 403
