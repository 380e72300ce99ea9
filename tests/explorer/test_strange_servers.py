"""Servers elsewhere that say or do what no server should: each ends in words for the person, never in a fault of ours."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from explorer.models import ForeignServer, ServerCredential
from portal.models import User
from tests.explorer.conftest import SignIn
from tests.scripted_server import Says, Scripted, scripted_server

pytestmark = pytest.mark.django_db
STATEMENT: dict[str, Any] = {
    "resourceType": "CapabilityStatement",
    "fhirVersion": "4.0.1",
    "format": ["application/fhir+json"],
    "rest": [{"mode": "server", "resource": [{"type": "Patient"}]}],
}


@pytest.fixture
def theirs() -> Iterator[Scripted]:
    with scripted_server() as server:
        server.says["metadata"] = Says(json.dumps(STATEMENT).encode())
        yield server


@pytest.fixture
def bobs(bob: User, sign_in: SignIn, settings: Settings) -> Client:
    settings.OUTBOUND_ALLOWED = ["127.0.0.1"]
    return sign_in(bob)


def opened(client: Client, server: Scripted, **fields: str) -> str:
    return client.post(reverse("servers:list"), {"base": server.base, **fields}).headers["Location"]


STATEMENTS: dict[str, Any] = {
    "no interactions": {"rest": [{"resource": [{"type": "Patient"}]}]},
    "types of its own": {"rest": [{"resource": [{"type": "Patient"}, {"type": "Spaceship"}, {"type": 7}, {}, 7]}]},
    "nothing in it": {"rest": None, "format": None, "software": None, "fhirVersion": None},
    "R5": {"fhirVersion": "5.0.0", "rest": [{"resource": [{"type": "Patient"}, {"type": "Transport"}]}]},
    "R4B": {"fhirVersion": "4.3.0"},
    "lists that are none": {
        "rest": [{"interaction": 7, "operation": "x", "resource": [
            {"type": "Patient", "interaction": "read", "searchParam": {"a": 1}, "operation": [7, {"name": None}]}]}]
    },
    "words for objects": {"rest": "server", "software": "HAPI", "format": "json"},
    "HAPI": {
        "software": {"name": "HAPI FHIR Server", "version": "6.10.1"},
        "rest": [{"mode": "server", "resource": [{
            "type": "Patient", "profile": "http://hl7.org/fhir/StructureDefinition/Patient", "versioning": "versioned-update",
            "conditionalDelete": "multiple", "searchInclude": ["*", "Patient:organization"],
            "interaction": [{"code": "read"}, {"code": "search-type"}],
            "searchParam": [{"name": "_filter", "type": "string"}, {"name": "family", "type": "string"}],
            "operation": [{"name": "everything", "definition": "http://localhost:8080/fhir/OperationDefinition/Patient-it-everything"}]}]}]
    },
}  # fmt: skip


@pytest.mark.parametrize("changes", STATEMENTS.values(), ids=list(STATEMENTS))
def test_every_statement_is_explored_as_far_as_it_goes(
    bobs: Client, theirs: Scripted, changes: dict[str, Any]
) -> None:
    theirs.says["metadata"] = Says(json.dumps(STATEMENT | changes).encode(), media_type="application/json")
    home = opened(bobs, theirs)
    for page in ("", "Patient/", "Patient/?.do=search", "openapi.json", "postman.json", "find/", "bundle/"):
        # 404: the server lists no such type, and so no such operation.
        assert bobs.get(f"{home}{page}").status_code in (200, 404), page
    assert bobs.get(home).status_code == 200


def test_a_type_without_interactions_offers_the_usual_ones(bobs: Client, theirs: Scripted) -> None:
    assert 'id="op-search"' in bobs.get(f"{opened(bobs, theirs)}Patient/").text


def test_another_version_of_fhir_is_named(bobs: Client, theirs: Scripted) -> None:
    theirs.says["metadata"] = Says(json.dumps(STATEMENT | {"fhirVersion": "5.0.0"}).encode())
    assert "speaks FHIR 5.0.0" in bobs.get(opened(bobs, theirs)).text


ANSWERS = {
    "a page": (Says(b"<html><script>alert(1)</script>", 500, "text/html"), "500 "),
    "broken JSON": (Says(b'{"resourceType":'), "200 OK"),
    "an entity": (
        Says(
            b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><Patient>&b;</Patient>',
            media_type="application/xml",
        ),
        "200 OK",
    ),
    "who are you": (Says(b"", 401, "", {"WWW-Authenticate": 'Bearer realm="theirs"'}), "401 "),
    "too often": (Says(b"{}", 429, headers={"Retry-After": "17"}), "17"),
    "go there": (Says(b"", 302, headers={"Location": "http://169.254.169.254/latest"}), "302 "),
    "breaks off": (Says(b"{", cut=True), "cannot be reached"),
    "no gzip": (Says(b"this is not packed", headers={"Content-Encoding": "gzip"}), "is not valid gzip"),
    "endless": (Says(lambda: (b" " * 65_536 for _ in range(10_000))), "200 OK"),
    "other letters": (Says(b"\xff\xfe{}", media_type="application/json; charset=utf-16"), "200 OK"),
    "no charset": (Says(b"{}", media_type="application/json; charset=klingon"), "200 OK"),
    "nothing": (Says(b"", 204, ""), "204 "),
}


@pytest.mark.parametrize(("says", "words"), ANSWERS.values(), ids=list(ANSWERS))
def test_every_answer_is_shown_or_said_to_be_none(
    bobs: Client, theirs: Scripted, says: Says, words: str
) -> None:
    home = opened(bobs, theirs, scheme="bearer", secret="their-secret")
    theirs.says["Patient"] = says
    page = bobs.get(f"{home}Patient/", {".do": "search", ".run": "1"})
    assert page.status_code == 200
    answer = page.text.split('id="answer"')[1]
    assert words in answer
    assert "<script>alert" not in answer
    assert "their-secret" not in page.text
    assert theirs.last.headers["authorization"] == "Bearer their-secret"
    compared = bobs.get(f"{home}Patient/", {".do": "search", ".compare": "1"})
    assert compared.status_code == 200


@pytest.mark.parametrize(
    "next_link", ["?_getpages=abc&_getpagesoffset=2", "{base}?_getpages=abc", "{base}/Patient?page=2"]
)
def test_the_next_page_is_found_as_far_as_it_is_the_servers_own(
    bobs: Client, theirs: Scripted, next_link: str
) -> None:
    link = {"relation": "next", "url": next_link.replace("{base}", theirs.base)}
    theirs.says["Patient"] = Says(
        json.dumps({"resourceType": "Bundle", "type": "searchset", "link": [link]}).encode()
    )
    page = bobs.get(f"{opened(bobs, theirs)}Patient/", {".do": "search", ".run": "1"})
    assert page.status_code == 200
    assert "200 OK" in page.text


def smart(server: Scripted) -> None:
    found = {
        "token_endpoint": f"{server.base}/token",
        "authorization_endpoint": "https://theirs.example/authorize",
    }
    server.says[".well-known/smart-configuration"] = Says(
        json.dumps(found).encode(), media_type="application/json"
    )
    granted = {"access_token": "their-token", "expires_in": 3600, "scope": "system/*.rs"}
    server.says["token"] = Says(json.dumps(granted).encode(), media_type="application/json")


def test_client_credentials_end_in_a_token_that_stays_here(bobs: Client, theirs: Scripted) -> None:
    smart(theirs)
    home = opened(
        bobs, theirs, scheme="client", client_id="us", client_secret="their-secret", scope="system/*.rs"
    )
    page = bobs.get(f"{home}Patient/", {".do": "search", ".run": "1"}).text
    assert theirs.last.headers["authorization"] == "Bearer their-token"
    assert "system/*.rs" in page
    assert "their-token" not in page
    assert "their-secret" not in page
    kept = ServerCredential.objects.get()
    assert "their-" not in kept.sealed + kept.client


def test_a_token_endpoint_that_refuses_is_named_with_its_reason(bobs: Client, theirs: Scripted) -> None:
    smart(theirs)
    theirs.says["token"] = Says(b'{"error":"invalid_client","error_description":"Who?"}', 401)
    asked = {"base": theirs.base, "scheme": "client", "client_id": "us", "client_secret": "their-secret"}
    page = bobs.post(reverse("servers:list"), asked, follow=True).text
    assert "invalid_client: Who?" in page
    assert "their-secret" not in page


def test_signing_in_at_the_server_ends_in_a_token_that_stays_here(bobs: Client, theirs: Scripted) -> None:
    smart(theirs)
    home = opened(bobs, theirs)
    server = ForeignServer.objects.get()
    gone = bobs.post(
        reverse("servers:sign-in", args=[server.pk]), {"client_id": "us", "scope": "patient/*.rs"}
    )
    address = re.search(r'href="(https://theirs.example/authorize[^"]+)"', gone.text)
    assert address
    asked = {
        name: values[0] for name, values in parse_qs(urlsplit(address[1].replace("&amp;", "&")).query).items()
    }
    assert (asked["code_challenge_method"], asked["aud"]) == ("S256", theirs.base)
    wrong = bobs.get(asked["redirect_uri"], {"code": "c", "state": "wrong"}, follow=True)
    assert "does not belong to a sign-in" in wrong.text
    assert not ServerCredential.objects.exists()
    bobs.post(reverse("servers:sign-in", args=[server.pk]), {"client_id": "us"})
    again = bobs.post(reverse("servers:sign-in", args=[server.pk]), {"client_id": "us"}).text
    state = re.search(r"state=([\w-]+)", again)
    assert state
    back = bobs.get(asked["redirect_uri"], {"code": "c", "state": state[1]})
    assert back.headers["Location"] == home
    sent = parse_qs(theirs.last.body.decode())
    assert (sent["code"], sent["client_id"], len(sent["code_verifier"][0])) == (["c"], ["us"], 64)
    bobs.get(f"{home}Patient/", {".do": "search", ".run": "1"})
    assert theirs.last.headers["authorization"] == "Bearer their-token"
    assert (
        bobs.get(asked["redirect_uri"], {"code": "c", "state": state[1]}).headers["Location"] == "/servers/"
    )


def test_a_server_that_names_no_endpoints_is_said_to_name_none(bobs: Client, theirs: Scripted) -> None:
    theirs.says[".well-known/smart-configuration"] = Says(b"<html>", 404, "text/html")
    opened(bobs, theirs)
    server = ForeignServer.objects.get()
    page = bobs.post(reverse("servers:sign-in", args=[server.pk]), {"client_id": "us"}, follow=True)
    assert "names no token endpoint" in page.text
