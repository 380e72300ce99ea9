"""Each US Core guide's own statement walked over the endpoint, with an API key and with a patient's token: what it asks of a server works.

https://hl7.org/fhir/us/core/CapabilityStatement-us-core-server.html; the public list of checks is that of
https://github.com/inferno-framework/us-core-test-kit (searches and their variants, reads, includes, Provenance, profiles, documents).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from deployments.loading import partition_of
from deployments.models import Deployment, Region, State
from fhirserver import partitions
from fhirserver.guides.install import install
from fhirserver.reached import DIRECTORY
from fhirserver.reindex import reindex
from fhirspec.package import read_package
from portal.models import Tenant, User
from tests.fhirserver.conformance.us_core import SERVER, Json, package_of, parameter_of, patient_bundle
from tests.gateway.conftest import Caller
from tests.gateway.scoped import Bearer
from tests.gateway.us_core_walk import Search, Walk, combinations, is_wanted

pytestmark = pytest.mark.django_db(databases="__all__")
OWN, OTHER = "85", "355"
PLACES = [
    ("region_local", "3.1.1"),
    ("region_local", "5.0.1"),
    ("region_local", "6.1.0"),
    pytest.param(("region_pg", "6.1.0"), marks=pytest.mark.postgres),
]


@dataclass
class Guided:
    """A deployment with two sample patients and, on top of them, a guide."""

    deployment: Deployment
    full: Caller
    demanded: Json
    definitions: dict[str, Json]
    value_sets: list[str]
    resources: list[Json]

    @property
    def types(self) -> dict[str, Json]:
        return {one["type"]: one for one in self.demanded["rest"][0]["resource"]}

    def walk(self, resource_type: str, stored: list[Json]) -> Walk:
        asked = self.types[resource_type]
        codes = {code for combination in combinations(asked) for code in combination}
        partition = partition_of(self.deployment)
        listed = {one["name"]: one.get("definition", "") for one in asked.get("searchParam", ())}
        return Walk(
            resource_type,
            {code: parameter_of(partition, resource_type, code) for code in codes},
            {code: self.definitions.get(url, {}) for code, url in listed.items()},
            stored,
        )


@pytest.fixture(params=PLACES, ids=lambda place: "-".join(place))
def place(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def deployment(place: tuple[str, str], tenant: Tenant, alice: User) -> Deployment:
    region, _ = Region.objects.get_or_create(
        name=place[0], defaults={"title": place[0], "database": place[0]}
    )
    return Deployment.objects.create(
        tenant=tenant,
        name="US Core",
        state=State.RUNNING,
        size="xl",
        region=region,
        partition=partitions.reserve(place[0]).number,
        created_by=alice,
    )


@pytest.fixture
def guided(place: tuple[str, str], shared_data: Path, deployment: Deployment, full: Caller) -> Guided:
    partition = partition_of(deployment)
    for patient in (OWN, OTHER):
        answer: Any = full("POST", "", json.dumps(patient_bundle(shared_data, int(patient)), default=float))
        assert answer.status_code == 200, answer.content[:500]
    packed = package_of(shared_data, place[1])
    install(partition, packed)
    reindex(partition, settle=0)
    package = read_package(packed)
    stored = [one for kind in _types_of(full) for one in _all(full, f"{kind}?_count=200")]
    definitions = {str(one["url"]): one for one in package.of_type("SearchParameter")}
    value_sets = [str(one["url"]) for one in package.of_type("ValueSet")]
    return Guided(deployment, full, package.resources[SERVER], definitions, value_sets, stored)


def _types_of(caller: Caller) -> list[str]:
    found = {
        one["resourceType"]
        for patient in (OWN, OTHER)
        for one in _all(caller, f"Patient/{patient}/$everything?_count=500")
    }
    return sorted(found | {"Provenance"})


def _json(caller: Caller, path: str) -> Json:
    answer: Any = caller("GET", path, prefer="handling=strict")
    body = answer.getvalue() if answer.streaming else answer.content
    assert answer.status_code == 200, (path, body[:500])
    found: Json = json.loads(body)
    return found


def _pages(caller: Caller, path: str) -> Iterator[Json]:
    while path:
        bundle = _json(caller, path)
        yield bundle
        following = [link["url"] for link in bundle.get("link", ()) if link["relation"] == "next"]
        path = following[0].split("/r4/", 1)[1] if following else ""


def _all(caller: Caller, path: str) -> list[Json]:
    return [entry["resource"] for bundle in _pages(caller, path) for entry in bundle.get("entry", ())]


def _found(caller: Caller, search: Search, **more: str) -> list[Json]:
    query = urlencode([*search.pairs, *more.items()], quote_via=quote, safe="")
    return _all(caller, f"{search.resource_type}?{query}&_count=100")


def _posted(caller: Caller, search: Search) -> set[str]:
    body = urlencode([*search.pairs, ("_count", "500")])
    form = "application/x-www-form-urlencoded"
    answer: Any = Caller.__call__(caller, "POST", f"{search.resource_type}/_search", body, content_type=form)
    assert answer.status_code == 200, answer.content
    return {entry["resource"]["id"] for entry in json.loads(answer.content).get("entry", ())}


def _difference(search: Search, found: set[str]) -> str:
    missing, wrong = sorted(search.finds - found)[:3], sorted(found - search.finds)[:3]
    return f"{search.resource_type}?{urlencode(search.pairs)}: misses {missing}, finds {wrong} in vain"


def _walked(caller: Caller, guided: Guided, seen: list[Json]) -> tuple[int, list[str]]:
    """How many searches were tried, and what is wrong with them."""
    tried, wrong = 0, []
    for name, asked in guided.types.items():
        stored = [one for one in seen if one["resourceType"] == name]
        walk = guided.walk(name, stored)
        for codes in combinations(asked):
            for search in walk.searches(codes):
                tried += 1
                found = {one["id"] for one in _found(caller, search)}
                if found != search.finds:
                    wrong.append(_difference(search, found))
    return tried, wrong


def test_what_the_guide_asks_of_a_server_works_with_a_key_and_with_a_patients_token(
    guided: Guided, bearer: Bearer
) -> None:
    """Every search finds all that matches and no other; for a patient, of the own record and of what it refers to."""
    tried, wrong = _walked(guided.full, guided, guided.resources)
    assert wrong == []
    assert tried > 90
    _require_interactions(guided)
    _require_expansions(guided)
    token = bearer("patient/*.rs", fhir_user=f"Patient/{OWN}", patient=OWN)
    seen = _seen_by_the_patient(guided)
    tried, wrong = _walked(token, guided, seen)
    assert wrong == []
    assert tried > 80
    for one in seen[::9]:
        assert _json(token, f"{one['resourceType']}/{one['id']}") == one
    strange: Any = token("GET", f"Patient/{OTHER}")
    assert strange.status_code == 403
    for name in guided.types:
        _require_included(
            token, name, guided.types[name], [one for one in seen if one["resourceType"] == name]
        )


def _seen_by_the_patient(guided: Guided) -> list[Json]:
    """The compartment, and of the types outside of all compartments what a reference leads to from there."""
    own = {_address(one) for one in _all(guided.full, f"Patient/{OWN}/*?_count=200")}
    by_address = {_address(one): one for one in guided.resources}
    waiting = [by_address[one] for one in own & set(by_address)]
    while waiting:
        named = set(re.findall(r'"reference": "([A-Za-z]+/[^"]+)"', json.dumps(waiting)))
        new = {one for one in named & set(by_address) if one.partition("/")[0] in DIRECTORY} - own
        own |= new
        waiting = [by_address[one] for one in new]
    return [one for one in guided.resources if _address(one) in own]


def _address(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _require_interactions(guided: Guided) -> None:
    caller = guided.full
    statement = _json(caller, "metadata")["rest"][0]
    offered = {one["type"]: {each["code"] for each in one["interaction"]} for one in statement["resource"]}
    for name, asked in guided.types.items():
        assert {one["code"] for one in asked.get("interaction", ()) if is_wanted(one)} <= offered[name]
        stored = [one for one in guided.resources if one["resourceType"] == name]
        for one in stored[:2]:
            path = f"{name}/{one['id']}"
            assert _json(caller, path) == one
            assert _json(caller, f"{path}/_history/{one['meta']['versionId']}") == one
            assert _json(caller, f"{path}/_history")["entry"][0]["resource"] == one
        _require_included(caller, name, asked, stored)


def _require_included(caller: Caller, name: str, asked: Json, stored: list[Json]) -> None:
    """The same by POST as by GET, `_include` as the statement lists it, and `Provenance:target`."""
    if not stored:
        return
    ids = [one["id"] for one in stored[:40]]
    search = Search(name, (("_id", ",".join(ids)),), frozenset(ids))
    assert _posted(caller, search) == search.finds
    for include in asked.get("searchInclude", ()):
        assert search.finds <= {one["id"] for one in _found(caller, search, _include=include)}
    for include in asked.get("searchRevInclude", ()):
        assert include == "Provenance:target"
        together = _found(caller, search, _revinclude=include)
        told = {one["id"] for one in together if one["resourceType"] == "Provenance"}
        about = {f"{name}/{one}" for one in ids}
        listed = _all(caller, "Provenance?_count=200")
        assert told == {one["id"] for one in listed if about & {each["reference"] for each in one["target"]}}


def _require_expansions(guided: Guided) -> None:
    """`ValueSet/$expand` lists the codes, or says which code system is not here."""
    refused = 0
    for url in guided.value_sets:
        answer: Any = guided.full("GET", f"ValueSet/$expand?url={quote(url)}&count=10")
        assert answer.status_code in (200, 422), (url, answer.content)
        body = json.loads(answer.content)
        refused += answer.status_code == 422
        assert body["expansion"]["total"] if answer.status_code == 200 else body["issue"][0]["diagnostics"]
    assert refused < len(guided.value_sets)
