"""The example in `docs/examples`, served as its reader would serve it, in a real browser; and its page under /docs/."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser

from credentials.models import ApplicationKind
from deployments.models import Deployment
from smart.addresses import fhir_base
from smart.applications import Registration, create_application
from smart.servers import integrated_server
from smart.users import create_user, send_password_link
from tests.smart.ward import PASSWORD

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "smallest-smart-app.html"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address at which it is served."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield tmp_path, f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True, databases="__all__")
def test_an_invited_patient_sees_their_record_in_the_smallest_application(
    ward: Deployment, browser: Browser, folder: tuple[Path, str]
) -> None:
    served, address = folder
    asked = Registration(
        "Smallest", ApplicationKind.PUBLIC, [address], allowed_scopes="launch/patient patient/Patient.rs"
    )
    application, _ = create_application(integrated_server(ward), asked, by=None)
    text = EXAMPLE.read_text().replace("the client id", application.client_id, 2)
    text = text.replace("http://localhost:8000/fhir/the-deployment-id/r4", fhir_base(ward.pk))
    (served / "index.html").write_text(text)
    context = browser.new_context()
    page = context.new_page()
    nora = create_user(ward, username="nora", name="Nora", fhir_user="Patient/p2")
    page.goto(send_password_link(nora))
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Save and sign in").click()
    page.wait_for_url("**/apps/")
    page.goto(address)
    page.get_by_role("button", name="Connect").click()
    page.get_by_role("button", name="Allow").click()
    page.get_by_text('"id": "p2"').wait_for()
    assert page.url == address
    context.close()


def test_the_example_is_a_guide(db: None) -> None:
    page = Client().get("/docs/smart-app/").content.decode()
    assert "code_challenge_method" in page
    assert "smart-app" in Client().get("/docs/").content.decode()
