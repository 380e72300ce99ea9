"""How far a token reaches through answers that hold many resources, and through writes that touch another's record."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pytest_django import Settings

from deployments import job_runner
from deployments.models import Job
from tests.gateway.conftest import Caller
from tests.gateway.scoped import LABORATORY, Bearer, held, observation, store

CROSSING = [
    observation("p2", id="secret", code={"text": "secret"}),
    observation("p1", id="leads-out", derivedFrom=[{"reference": "Observation/secret"}]),
    observation("p2", id="leads-in", derivedFrom=[{"reference": "Observation/o1"}]),
    {"resourceType": "Person", "id": "own-person", "link": [{"target": {"reference": "Patient/p1"}}]},
    {
        "resourceType": "RelatedPerson",
        "id": "parent",
        "patient": {"reference": "Patient/p1"},
    },
]
# Every way to get many resources at once.
LISTS = (
    *("Patient", "Observation", "Organization", "Person", "?_type=Patient,Observation,Organization"),
    *("Patient/p1/Observation", "Patient/p2/Observation", "Patient/p1/*", "Observation?_count=1"),
    *(
        "Observation?_include=Observation:subject",
        "Observation?_include=*",
        "Patient?_revinclude=Observation:performer",
    ),
    *("Observation?_include=Observation:derived-from", "Observation?_revinclude=Observation:derived-from"),
    *("Patient?_revinclude=Observation:subject", "Observation?_include:iterate=Observation:derived-from"),
    *("Observation?subject:Patient.gender=male", "Patient?_has:Observation:subject:code:text=secret"),
    *("Observation?derived-from:Observation.code:text=secret", "Observation?subject=Patient/p2"),
    *("Observation?_sort=-date&_total=accurate", "Observation?_elements=subject", "Observation?_id=secret"),
    *("_history", "Observation/_history", "Patient/_history", "Observation/secret/_history"),
    *("Patient/p1/$everything", "Patient/p2/$everything", "Person/own-person/$everything"),
    *("Observation/secret", "Observation/o3/_history/1", "Patient/p2", "Organization/org"),
)


@pytest.fixture
def crossing(full: Caller) -> None:
    """The records of both patients, with references from each into the other."""
    store(full)
    for resource in CROSSING:
        answer: Any = full("PUT", f"{resource['resourceType']}/{resource['id']}", json.dumps(resource))
        assert answer.status_code == 201, answer.content


def body_of(answer: Any) -> bytes:
    return answer.getvalue() if answer.streaming else answer.content  # type: ignore[no-any-return]


def shown(caller: Caller, path: str) -> list[dict[str, Any]]:
    """What a request shows, this page and the next ones."""
    found: list[dict[str, Any]] = []
    while path:
        answer: Any = caller("GET", path)
        assert answer.status_code in (200, 403, 404), (path, answer.content)
        bundle = json.loads(body_of(answer))
        found += held(bundle)
        following = (link["url"] for link in bundle.get("link", []) if link["relation"] == "next")
        path = next(following, "").partition("/r4/")[2]
    return found


def names(resources: list[dict[str, Any]]) -> set[str]:
    return {f"{one['resourceType']}/{one['id']}" for one in resources}


def is_own(resource: dict[str, Any]) -> bool:
    text = json.dumps(resource)
    return resource["id"] == "p1" or any(
        f'"{element}": {{"reference": "Patient/p1"}}' in text for element in ("subject", "patient", "target")
    )


def is_allowed(scopes: list[str], resource: dict[str, Any]) -> bool:
    """The rule in words of this test: own, of a type of the scopes, and a laboratory result where they say so."""
    for scope in scopes:
        kind, _, rest = scope.removeprefix("patient/").partition(".")
        fits = "category" not in rest or resource.get("category") == [LABORATORY]
        if kind in ("*", resource["resourceType"]) and is_own(resource) and fits:
            return True
    return False


def test_no_answer_holds_a_resource_outside_of_any_scopes(crossing: None, bearer: Bearer) -> None:
    random = Random(8628)
    kinds = ("*", "Patient", "Observation", "Organization", "Person", "RelatedPerson")
    restrictions = ("", "", "?category=laboratory")
    for _ in range(8):
        chosen = {
            f"patient/{kind}.{letters}{random.choice(restrictions) if kind == 'Observation' else ''}"
            for kind, letters in zip(
                random.sample(kinds, 3), random.choices(("r", "s", "rs"), k=3), strict=True
            )
        }
        caller = bearer(" ".join(sorted(chosen)))
        for path in LISTS:
            for resource in shown(caller, path):
                # _elements leaves the category out.
                if "_elements" not in path or "category" not in str(chosen):
                    assert is_allowed(sorted(chosen), resource), (chosen, path, resource)


def test_a_chain_or_has_does_not_tell_about_resources_outside(
    crossing: None, bearer: Bearer, full: Caller
) -> None:
    caller = bearer("patient/*.rs")
    chain = "Observation?derived-from:Observation.code:text=secret"
    reverse = "Patient?_has:Observation:subject:derived-from:Observation.subject=Patient/p2"
    for path in (chain, reverse):
        assert shown(full, path)
        assert not shown(caller, path)


def test_includes_stop_at_the_edge_of_the_record(crossing: None, bearer: Bearer, full: Caller) -> None:
    out = "Observation?_id=leads-out&_include=Observation:derived-from"
    into = "Observation?_id=o1&_revinclude=Observation:derived-from"
    assert names(shown(full, out)) == {"Observation/leads-out", "Observation/secret"}
    assert names(shown(full, into)) == {"Observation/o1", "Observation/leads-in"}
    caller = bearer("patient/*.rs")
    assert names(shown(caller, out)) == {"Observation/leads-out"}
    assert names(shown(caller, into)) == {"Observation/o1"}


def test_everything_is_the_own_record_only(crossing: None, bearer: Bearer) -> None:
    found = names(shown(bearer("patient/*.rs"), "Patient/p1/$everything"))
    assert {"Patient/p1", "Observation/o1", "Observation/o2", "Observation/leads-out"} <= found
    assert not {"Observation/secret", "Observation/leads-in", "Patient/p2"} & found
    only = bearer("patient/Patient.rs patient/Observation.rs?category=laboratory")
    assert names(shown(only, "Patient/p1/$everything")) == {"Patient/p1", "Observation/o2"}


def test_an_export_holds_the_own_record_only(
    crossing: None, bearer: Bearer, settings: Settings, tmp_path: Path
) -> None:
    settings.TRANSFER_DIR = tmp_path
    caller = bearer("patient/Patient.rs patient/Observation.rs?category=laboratory")
    started = caller("GET", "$export", prefer="respond-async")
    assert started.status_code == 202
    job_runner.run(Job.objects.latest("pk").pk)
    status = started["Content-Location"].partition("/r4/")[2]
    files = [file["url"] for file in json.loads(caller("GET", status).content)["output"]]
    lines = [
        json.loads(line)
        for url in files
        for line in body_of(caller("GET", url.partition("/r4/")[2])).splitlines()
    ]
    assert names(lines) == {"Patient/p1", "Observation/o2"}


@pytest.mark.parametrize("fhir_user", ["Person/own-person", "RelatedPerson/parent"])
def test_user_scopes_of_a_representative_reach_whom_they_stand_for(
    fhir_user: str, crossing: None, bearer: Bearer
) -> None:
    caller = bearer("user/*.rs", fhir_user, "")
    assert names(shown(caller, "Observation")) == {
        "Observation/o1",
        "Observation/o2",
        "Observation/leads-out",
    }
    assert caller("GET", "Patient/p1").status_code == 200
    assert caller("GET", "Patient/p2").status_code == 403


def test_everything_of_a_person_follows_the_links_to_own_patients_only(
    crossing: None, bearer: Bearer, full: Caller
) -> None:
    both = [{"target": {"reference": f"Patient/{patient}"}} for patient in ("p1", "p2")]
    full("PUT", "Person/two", json.dumps({"resourceType": "Person", "id": "two", "link": both}))
    path = "Person/two/$everything"
    assert "Observation/secret" in names(shown(bearer("user/*.rs", "Person/two", ""), path))
    found = names(shown(bearer("patient/*.rs"), path))
    assert "Observation/o1" in found
    assert not {"Patient/p2", "Observation/o3", "Observation/secret"} & found


def intrusions() -> dict[str, tuple[str, str, Any, dict[str, str]]]:
    """Ways to put something into the record of p2, as p1."""
    performer = [{"reference": "Patient/p2"}]
    both = observation("p1", performer=performer)
    add = [{"op": "add", "path": "/performer", "value": performer}]
    person = {
        "resourceType": "Person",
        "id": "own-person",
        "link": [{"target": {"reference": f"Patient/{patient}"}} for patient in ("p1", "p2")],
    }
    entry = {"request": {"method": "POST", "url": "Observation"}, "resource": both}
    patch_entry = {"op": "replace", "path": "/subject/reference", "value": "Patient/p2"}
    json_patch = {"content_type": "application/json-patch+json"}
    merge_patch = {"content_type": "application/merge-patch+json"}
    return {
        "create": ("POST", "Observation", both, {}),
        "create in their name": ("POST", "Observation", observation("p2"), {}),
        "conditional create": ("POST", "Observation", both, {"if_none_exist": "identifier=nobody"}),
        "update": ("PUT", "Observation/o1", both | {"id": "o1"}, {}),
        "update as create": ("PUT", "Observation/new", both | {"id": "new"}, {}),
        "conditional update": ("PUT", "Observation?_id=o1", both, {}),
        "patch": ("PATCH", "Observation/o1", add, json_patch),
        "patch that moves": ("PATCH", "Observation/o1", [patch_entry], json_patch),
        "conditional patch": ("PATCH", "Observation?_id=o1", add, json_patch),
        "merge patch": ("PATCH", "Observation/o1", {"performer": performer}, merge_patch),
        "merge patch that moves": ("PATCH", "Observation/o1", {"subject": performer[0]}, merge_patch),
        "conditional merge patch": ("PATCH", "Observation?_id=o1", {"performer": performer}, merge_patch),
        "transaction": (
            "POST",
            "",
            {"resourceType": "Bundle", "type": "transaction", "entry": [entry]},
            {},
        ),
        "link of a person": ("PUT", "Person/own-person", person, {}),
        "link of a patient": (
            "PUT",
            "Patient/p1",
            {
                "resourceType": "Patient",
                "id": "p1",
                "link": [{"other": {"reference": "Patient/p2"}, "type": "seealso"}],
            },
            {},
        ),
    }


@pytest.mark.parametrize("way", intrusions())
def test_nothing_can_be_written_into_another_patients_record(
    way: str, crossing: None, bearer: Bearer, full: Caller
) -> None:
    before = names(shown(full, "Patient/p2/$everything"))
    method, path, body, headers = intrusions()[way]
    answer = bearer("patient/*.cruds")(method, path, json.dumps(body), **headers)
    assert answer.status_code == 403, answer.content
    assert names(shown(full, "Patient/p2/$everything")) == before


def test_what_lies_in_two_records_already_can_be_changed_from_either(
    crossing: None, bearer: Bearer, full: Caller
) -> None:
    shared = observation("p1", id="shared", performer=[{"reference": "Patient/p2"}])
    full("PUT", "Observation/shared", json.dumps(shared))
    answer = bearer("patient/*.cruds")(
        "PUT", "Observation/shared", json.dumps(shared | {"status": "amended"})
    )
    assert answer.status_code == 200


def test_conditional_writes_find_the_own_record_only(crossing: None, bearer: Bearer, full: Caller) -> None:
    caller = bearer("patient/*.cruds")
    patched = caller("PATCH", "Observation?_id=secret", "[]", content_type="application/json-patch+json")
    assert patched.status_code == 404
    assert caller("DELETE", "Observation?_id=secret").status_code == 204
    assert full("GET", "Observation/secret").status_code == 200
    created = caller("POST", "Observation", json.dumps(observation("p1")), if_none_exist="code:text=secret")
    assert created.status_code == 201


def test_a_restriction_reaches_only_types_that_have_its_parameter(crossing: None, bearer: Bearer) -> None:
    caller = bearer("patient/*.rs?category=laboratory")
    assert names(shown(caller, "Observation")) == {"Observation/o2"}
    assert caller("GET", "Patient/p1").status_code == 403
    assert names(shown(caller, "Patient")) == set()
    assert names(shown(caller, "?_type=Patient,Observation")) == {"Observation/o2"}


def test_a_restricted_scope_confines_every_write(crossing: None, bearer: Bearer, full: Caller) -> None:
    caller = bearer("patient/Observation.cruds?category=laboratory")
    plain, laboratory = observation("p1"), observation("p1", category=[LABORATORY])
    assert caller("POST", "Observation", json.dumps(laboratory)).status_code == 201
    assert caller("POST", "Observation", json.dumps(plain)).status_code == 403
    for refused in (plain | {"id": "o2"}, laboratory | {"id": "o1"}):
        path = f"Observation/{refused['id']}"
        assert caller("PUT", path, json.dumps(refused)).status_code == 403, path
    remove = json.dumps([{"op": "remove", "path": "/category"}])
    patched = caller("PATCH", "Observation/o2", remove, content_type="application/json-patch+json")
    assert patched.status_code == 403
    assert caller("DELETE", "Observation/o1").status_code == 403
    assert caller("DELETE", "Observation/o2").status_code == 204
