"""The list of sessions names browsers and systems as people know them."""

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from portal.browsers import browser_name
from portal.models import User

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Chrome on Linux"),
        (f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} HeadlessChrome/140.0.0.0 Safari/537.36", "Chrome on Linux"),
        (
            f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} Ubuntu Chromium/90.0 Chrome/90.0 Safari/537.36",
            "Chromium on Linux",
        ),
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox on Windows"),
        (
            f"{MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15",
            "Safari on macOS",
        ),
        (
            f"{MOZILLA} (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1",
            "Chrome on iPhone",
        ),
        (
            f"{MOZILLA} (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari on iPad",
        ),
        (f"{MOZILLA} (Linux; Android 10; K) {WEBKIT} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36", "Samsung Internet on Android"),
        (f"{MOZILLA} (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/140.0 Safari/537.36 OPR/120.0", "Opera on ChromeOS"),
        ("curl/8.5.0", "curl"),
        ("Wget/1.21 (linux-gnu)", "Wget on Linux"),
        (f"{MOZILLA} (compatible)", "An unknown browser"),
        ("", "An unknown browser"),
        ("\u202e<script>", "An unknown browser"),
    ],
)  # fmt: skip
def test_a_browser_is_named_by_product_and_system(user_agent: str, name: str) -> None:
    assert browser_name(user_agent) == name


def test_the_page_shows_the_name_and_keeps_the_raw_words_in_reach(client: Client, alice: User) -> None:
    raw = f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36"
    client.post(
        reverse("account_login"),
        {"login": alice.email, "password": "correct-horse-battery"},
        headers={"User-Agent": raw},
    )
    page = client.get(reverse("usersessions_list")).content.decode()
    assert "Chrome on Linux" in page
    assert f'title="{raw}"' in page


def signed_in_from(browser: str, user: User) -> Client:
    client = Client(headers={"User-Agent": f"{MOZILLA} (X11; Linux) {browser}/1.0"})
    client.post(reverse("account_login"), {"login": user.email, "password": "correct-horse-battery"})
    assert "_auth_user_id" in client.session
    return client


def end(client: Client, session: UserSession) -> str:
    return client.post(reverse("portal:session-end", args=[session.pk]), follow=True).content.decode()


def test_one_session_is_ended_and_the_others_go_on(alice: User, bob: User) -> None:
    here, lost, kept = (signed_in_from(name, alice) for name in ("Chrome", "Firefox", "Edg"))
    assert "The session of Firefox on Linux was ended." in end(here, session_of(lost))
    answers = [one.get(reverse("portal:account")).status_code for one in (here, lost, kept)]
    assert answers == [200, 302, 200]
    assert "End it with Log out" in end(here, session_of(here))
    assert here.get(reverse("portal:account")).status_code == 200
    # A stranger's session is none that could be named.
    there = session_of(signed_in_from("Firefox", bob))
    assert here.post(reverse("portal:session-end", args=[there.pk])).status_code == 404
    assert UserSession.objects.filter(pk=there.pk).exists()


def session_of(client: Client) -> UserSession:
    return UserSession.objects.get(session_key=client.session.session_key)
