"""Applications that nobody here wrote, by `fhirclient` and `openid-client`, run every flow against the running server."""

import re
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from credentials.models import ApplicationKind, OAuthApplication
from deployments.models import Deployment
from smart.addresses import fhir_base, issuer
from smart.applications import Registration, create_application
from smart.models import Launch
from smart.servers import integrated_server
from tests.conformance.smart.conftest import Start, free_port
from tests.smart.ward import PASSWORD

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

SCOPES = "openid fhirUser launch launch/patient launch/encounter offline_access patient/*.rs"
STANDALONE = SCOPES.replace("launch ", "", 1)


@dataclass
class Parties:
    """The running applications: their address and registrations, and a person's browser."""

    address: str
    registered: dict[str, OAuthApplication]
    browser: httpx.Client

    def get(self, path: str) -> Any:
        """What the application shows in the end, after all that it asks of the person."""
        answer = self.browser.get(urljoin(self.address, path))
        for _ in range(12):
            if answer.is_redirect:
                answer = self.browser.get(urljoin(str(answer.url), answer.headers["location"]))
            elif str(answer.url).startswith(self.address):
                assert answer.status_code == 200, answer.text
                return answer.json()
            else:
                answer = self.fill(answer)
        raise AssertionError(f"the flow did not end: {answer.url}")

    def fill(self, page: httpx.Response) -> httpx.Response:
        """The person's part of one page."""
        hidden = dict(re.findall(r'name="(csrfmiddlewaretoken)" value="([^"]+)"', page.text))
        path = page.url.path
        if path.endswith("/sign-in/"):
            sent: dict[str, Any] = {"username": "paula", "password": PASSWORD}
        elif path.endswith("/encounter/"):
            sent = {"encounter": "e-p1"}
        else:
            assert path.endswith("/consent/"), page.text
            asked = re.findall(r'name="scope"\s+value="([^"]+)"', page.text)
            sent = {"decision": "allow", "scope": asked}
        return self.browser.post(page.url, data=sent | hidden, headers={"referer": str(page.url)})

    def let_device_in(self, started: dict[str, Any]) -> None:
        """The person types the code that the device shows."""
        page = self.browser.get(started["verification_uri"])
        token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        sent = {"user_code": started["user_code"].lower(), "csrfmiddlewaretoken": token[0]}
        answer = self.browser.post(page.url, data=sent, headers={"referer": str(page.url)})
        for _ in range(12):
            if answer.is_redirect:
                answer = self.browser.get(urljoin(str(answer.url), answer.headers["location"]))
            elif "is connected" in answer.text:
                return
            else:
                answer = self.fill(answer)
        raise AssertionError(answer.text)


def _register(
    ward: Deployment, address: str, keys: dict[str, Any]
) -> dict[str, tuple[OAuthApplication, str]]:
    server = integrated_server(ward)
    addresses: dict[str, Any] = {
        "redirect_uris": [f"{address}/fhirclient/app", f"{address}/openid/callback"],
        "logout_uris": [f"{address}/openid/logged-out"],
        "launch_url": f"{address}/fhirclient/launch",
        "allowed_scopes": SCOPES,
    }
    signed = {name: {"keys": [key.as_dict(private=False)]} for name, key in keys.items()}
    confidential, backend = ApplicationKind.CONFIDENTIAL, ApplicationKind.BACKEND
    wanted = {
        "public": Registration("Public", ApplicationKind.PUBLIC, device_flow=True, **addresses),
        "secret": Registration("Secret", confidential, **addresses),
        "key": Registration("Key", confidential, jwks=signed["key"], **addresses),
        "service": Registration(
            "Service", backend, jwks=signed["service"], allowed_scopes="system/Patient.rs"
        ),
        "service-secret": Registration("Service", backend, allowed_scopes="system/Patient.rs"),
    }
    return {name: create_application(server, asked, by=None) for name, asked in wanted.items()}


@pytest.fixture
def parties(ward: Deployment, start: Start) -> Any:
    port = free_port()
    keys = {
        "key": RSAKey.generate_key(2048, parameters={"kid": str(uuid.uuid4()), "alg": "RS384"}),
        "service": ECKey.generate_key("P-384", parameters={"kid": str(uuid.uuid4()), "alg": "ES384"}),
    }
    made = _register(ward, f"http://127.0.0.1:{port}", keys)
    clients = {
        name: {
            "id": application.client_id,
            "scope": STANDALONE if name in ("public", "secret", "key") else application.allowed_scopes,
            **({"secret": secret} if secret else {}),
            **({"key": keys[name].as_dict(private=True)} if name in keys else {}),
        }
        for name, (application, secret) in made.items()
    }
    settings = {"port": port, "base": fhir_base(ward.pk), "issuer": issuer(ward.pk), "clients": clients}
    start("relying-parties.mjs", settings)
    registered = {name: application for name, (application, _) in made.items()}
    with httpx.Client(timeout=30) as browser:
        yield Parties(f"http://127.0.0.1:{port}", registered, browser)


def test_fhirclient_launches_alone_and_from_an_ehr_with_every_proof(
    ward: Deployment, parties: Parties
) -> None:
    for name in ("public", "secret", "key"):
        seen = parties.get(f"/fhirclient/launch?as={name}")
        assert (seen["token"]["patient"], seen["patient"]["id"], seen["encounter"]) == ("p1", "p1", "e-p1")
        assert seen["refreshed"] == (name != "key")
        assert seen["user"] in ("Patient/p1", f"{fhir_base(ward.pk)}/Patient/p1")
        assert [one["id"] for one in seen["observations"]] == ["o-p1"]
    launch = Launch.objects.create(application=parties.registered["public"], patient="p1", encounter="e-p1")
    seen = parties.get(f"/fhirclient/launch?as=public&iss={fhir_base(ward.pk)}&launch={launch.launch}")
    assert (seen["token"]["patient"], seen["token"]["encounter"]) == ("p1", "e-p1")


def test_openid_client_runs_every_flow_of_its_own(parties: Parties) -> None:
    for name in ("public", "secret", "key"):
        seen = parties.get(f"/openid/login?as={name}")
        assert seen["claims"]["fhirUser"] == seen["person"]["fhirUser"]
        assert seen["patient"]["id"] == "p1"
        if name != "public":
            assert (seen["told"]["active"], seen["told"]["patient"]) == (True, "p1")
            assert seen["over"] == {"active": False}
        assert parties.get(seen["logout"]) == {"state": "bye"}
    for name in ("service", "service-secret"):
        assert parties.get(f"/openid/service?as={name}") == {"scope": "system/Patient.rs", "status": 200}
    parties.let_device_in(parties.get("/openid/device?as=public"))
    seen = parties.get("/openid/device-end")
    assert (seen["patient"]["id"], seen["user"].endswith("Patient/p1")) == ("p1", True)
