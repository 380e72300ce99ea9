"""RFC 9700, 2.1 and 4.1: the only addresses that get a code are those registered, exactly."""

import pytest

from smart.redirects import problem_with_address
from tests.smart.conftest import CALLBACK, Flow


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example/callback/",
        "https://app.example/Callback",
        "https://APP.example/callback",
        "https://app.example/callback?x=1",
        "https://app.example/callback#x",
        "https://app.example:443/callback",
        "http://app.example/callback",
        "https://app.example.evil.example/callback",
        "https://app.example@evil.example/callback",
        "https://evil.example/callback",
        "https://app.example/callback/../../evil",
        "https://app.example/callback%2f..%2fevil",
        "https://app.example\\@evil.example/callback",
        "//app.example/callback",
        "/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
        None,
    ],
)
def test_no_redirect_to_an_address_that_is_not_registered_exactly(flow: Flow, address: str | None) -> None:
    answer = flow.authorize(redirect_uri=address)
    assert answer.status_code == 400
    assert "Location" not in answer
    assert b'href="https://evil' not in answer.content


@pytest.mark.parametrize("changes", [{"client_id": "unknown"}, {"client_id": None}])
def test_no_redirect_for_an_unknown_application(flow: Flow, changes: dict[str, str | None]) -> None:
    assert flow.authorize(**changes).status_code == 400


def test_no_redirect_for_a_disabled_application(flow: Flow) -> None:
    flow.application.enabled = False
    flow.application.save()
    assert flow.authorize().status_code == 400


def test_a_parameter_that_is_there_twice_is_refused(flow: Flow) -> None:
    query = "&".join(f"{name}={value}" for name, value in flow.parameters().items())
    answer = flow.client.get(f"{flow.base}/authorize?{query}&redirect_uri=https://evil.example/")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "id_token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"aud": "https://evil.example/r4"}, "invalid_request"),
        ({"aud": None}, "invalid_request"),
        ({"scope": "nonsense"}, "invalid_scope"),
        ({"scope": "system/*.cruds"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"request_uri": "https://evil.example/"}, "request_not_supported"),
        ({"launch": "unknown"}, "invalid_request"),
    ],
)
def test_other_errors_go_back_to_the_application(flow: Flow, changes: dict[str, str], error: str) -> None:
    answer = flow.authorize(**changes)
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{CALLBACK}?error={error}")
    assert f"state={flow.state}" in answer["Location"]
    assert "iss=" in answer["Location"]


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://app.example/callback", True),
        ("http://localhost:3000/callback", True),
        ("http://127.0.0.1/callback", True),
        ("http://app.example/callback", False),
        ("http://localhost.evil.example/", False),
        ("https://app.example/*", False),
        ("https://*.example/", False),
        ("https://user@app.example/", False),
        ("https://app.example/#x", False),
        ("https:///callback", False),
        ("https://app.example/a b", False),
        ("https://app.exämple/", False),
        ("com.example.app:/callback", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("file:///etc/passwd", False),
        ("callback", False),
        ("", False),
    ],
)
def test_only_safe_addresses_can_be_registered(address: str, fine: bool) -> None:
    assert (problem_with_address(address, app_schemes=True) is None) is fine


def test_mobile_schemes_are_for_public_applications() -> None:
    assert problem_with_address("com.example.app:/callback") is not None
