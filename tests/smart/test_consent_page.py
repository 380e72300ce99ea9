"""The consent page belongs to one person's browser, cannot be framed, and is used once."""

from django.test import Client

from tests.smart.conftest import Flow


def test_consent_needs_the_persons_own_browser(flow: Flow) -> None:
    """CSRF on authorize: the page's name is of one session, and its form has a token of that session."""
    page = flow.to_consent()
    assert Client().post(page, {"decision": "allow", "scope": "openid"}).status_code == 400
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = flow.client.cookies
    assert strict.post(page, {"decision": "allow", "scope": "openid"}).status_code == 403


def test_consent_cannot_be_framed_and_only_leads_to_the_application(flow: Flow) -> None:
    answer = flow.client.get(flow.to_consent())
    policy = answer["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://app.example" in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert "no-store" in answer["Cache-Control"]


def test_the_name_of_an_application_is_text(flow: Flow) -> None:
    flow.application.name = "<script>alert(1)</script>"
    flow.application.save()
    shown = flow.client.get(flow.to_consent()).content
    assert b"<script>alert(1)" not in shown
    assert b"&lt;script&gt;alert(1)" in shown


def test_a_finished_interaction_cannot_be_repeated(flow: Flow) -> None:
    page = flow.to_consent()
    sent = {"decision": "allow", "scope": ["openid"]}
    assert flow.client.post(page, sent).status_code == 302
    assert flow.client.post(page, sent).status_code == 400


def test_authorize_by_post_becomes_get(flow: Flow) -> None:
    """A foreign page's POST comes without our cookies; the answer must not replace them."""
    answer = Client().post(f"{flow.base}/authorize", flow.parameters())
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{flow.base}/authorize?")
    assert "sessionid" not in answer.cookies
