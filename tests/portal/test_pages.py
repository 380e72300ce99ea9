"""Landing page, guides, themes, errors, headers, and the mail of development."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from portal.guides import GUIDES
from portal.mail import DevelopmentMailBackend
from portal.models import User
from tests.portal.conftest import SignIn


@pytest.mark.django_db
def test_visitors_see_the_landing_page_and_members_their_services(
    client: Client, alice: User, sign_in: SignIn
) -> None:
    assert "Sign up" in client.get("/").content.decode()
    assert sign_in(alice).get("/").headers["Location"] == "/services/"


@pytest.mark.django_db
@pytest.mark.parametrize("slug", [guide.slug for guide in GUIDES])
def test_every_guide_opens_for_visitors_and_members(
    slug: str, client: Client, alice: User, sign_in: SignIn
) -> None:
    for browser in (client, sign_in(alice)):
        assert browser.get(reverse("portal:guide", args=[slug])).status_code == 200


@pytest.mark.django_db
def test_the_theme_is_kept_and_never_redirects_elsewhere(client: Client) -> None:
    response = client.post(reverse("portal:theme"), {"theme": "dark", "next": "https://evil.example/"})
    assert response.headers["Location"] == "/"
    assert 'data-theme="dark"' in client.get("/").content.decode()


@pytest.mark.django_db
def test_a_missing_page_says_what_to_do(client: Client) -> None:
    response = client.get("/no-such-page/")
    assert response.status_code == 404
    assert "Go to the start page" in response.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_says_how_to_go_on() -> None:
    response = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "a"})
    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()


@pytest.mark.django_db
def test_pages_carry_a_strict_policy_and_no_inline_script_or_style(client: Client) -> None:
    for path in ("/", reverse("account_signup"), reverse("account_login"), "/docs/"):
        response = client.get(path)
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        text = response.content.decode()
        assert " style=" not in text
        assert "<style" not in text
        assert "<script>" not in text


@pytest.mark.django_db
def test_the_style_guide_is_for_development_only(
    alice: User, sign_in: SignIn, settings: LazySettings
) -> None:
    assert sign_in(alice).get("/styleguide/").status_code == 200
    settings.DEVELOPMENT = False
    assert sign_in(alice).get("/styleguide/").status_code == 404


def test_development_mail_is_shown_and_kept_as_one_file_a_mail(
    tmp_path: Path, settings: LazySettings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMAIL_FILE_PATH = tmp_path
    message = EmailMessage("Your code", "AB12CD", "a@example.org", ["dora@example.org"])
    assert DevelopmentMailBackend().send_messages([message]) == 1
    (path,) = tmp_path.iterdir()
    assert "dora@example.org" in path.name
    assert "AB12CD" in path.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert "AB12CD" in capsys.readouterr().out
