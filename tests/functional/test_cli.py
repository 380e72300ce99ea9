"""The `fireside` command against the really running product: sign in, deploy, issue a key, load data, follow the log."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from threading import Timer
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.functional.conftest import CHECKOUT, Product

WORK_SECONDS = "120"
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Fireside:
    """Runs the command as a shell would, with a configuration directory of its own."""

    def __init__(self, config: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        self.environment = kept | {"XDG_CONFIG_HOME": str(config), "PYTHONPATH": str(CHECKOUT)}
        self.session = config / "fireside" / "session.json"

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "cli", *arguments],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Tests that run in the background have Ctrl-C switched off, and what they start inherits it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def __call__(self, *arguments: str, stdin: str = "", code: int = 0) -> tuple[str, str]:
        """Standard output and standard error, once the exit code is as expected."""
        process = self.start(*arguments)
        out, told = process.communicate(stdin, timeout=180)
        assert process.returncode == code, (arguments, out, told)
        return out, told

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json")[0])

    def log_line(self, deployment: str, holding: str, *options: str) -> str:
        """The line of the log with this in it; a request is in the log within seconds."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            shown, _ = self("logs", "tail", deployment, *options)
            if found := [line for line in shown.splitlines() if holding in line]:
                return found[-1]
        raise AssertionError(f"no line with {holding!r} in the log: {shown}")


def make_token(product: Product) -> str:
    """By the page Account, Tokens, as a person does."""
    with httpx.Client(base_url=product.url, follow_redirects=True, timeout=30) as browser:

        def submit(path: str, **fields: str) -> httpx.Response:
            found = CSRF.search(browser.get(path).text)
            assert found, path
            headers = {"Referer": product.url + path}
            data = {"csrfmiddlewaretoken": found[1], **fields}
            return browser.post(path, data=data, headers=headers)

        submit("/accounts/login/", login=product.demo["email"], password=product.demo["password"])
        page = submit("/account/tokens/", name="Command line", role="4", tenant="", days="30").text
    found = re.search(r"fsm_[\w-]{20,}", page)
    assert found, page[:2000]
    return found[0]


@pytest.fixture(scope="module")
def token(product: Product) -> str:
    return make_token(product)


@pytest.fixture
def fireside(product: Product, token: str, tmp_path: Path) -> Fireside:
    """Signed in."""
    command = Fireside(tmp_path / "config")
    command("login", "--url", product.url, "--token-stdin", stdin=f"{token}\n")
    return command


@pytest.fixture
def ward(fireside: Fireside, tmp_path: Path) -> Iterator[str]:
    """A deployment that was created and waited for by the command; deleted by it again."""
    name = f"Ward {tmp_path.name[-12:]}"
    out, told = fireside("deployments", "create", name, "--wait", "--timeout", WORK_SECONDS)
    assert "RUNNING" in out
    assert "Create deployment" in told, "what is being done is told while one waits"
    yield name
    fireside("deployments", "delete", name, "--yes", "--wait", "--timeout", WORK_SECONDS)
    assert "no deployment" in fireside("deployments", "show", name, code=5)[1]


def test_signing_in_keeps_the_token_where_nobody_else_reads_it(
    product: Product, token: str, tmp_path: Path
) -> None:
    fireside = Fireside(tmp_path)
    assert "fireside login" in fireside("tenants", code=3)[1]
    assert "unknown" in fireside("login", "--url", product.url, stdin="fsm_wrong\n", code=3)[1]
    assert not fireside.session.exists()
    fireside("login", "--url", product.url, "--token-stdin", stdin=f"{token}\n")
    assert stat.S_IMODE(fireside.session.stat().st_mode) == 0o600
    assert fireside.json("whoami")["email"] == product.demo["email"]
    assert "demo" in fireside("tenants")[0].lower()
    fireside("logout")
    assert not fireside.session.exists()
    fireside("whoami", code=3)


def test_a_token_is_sent_to_no_other_address(fireside: Fireside) -> None:
    fireside.environment["FIRESIDE_URL"] = "http://localhost:9"
    assert "not signed in" in fireside("tenants", code=3)[1]
    fireside.environment["FIRESIDE_TOKEN"] = "fsm_other"
    assert "cannot be reached" in fireside("tenants", code=7)[1]


def test_refusals_name_the_place_and_have_codes_of_their_own(fireside: Fireside) -> None:
    told = fireside("deployments", "create", "Ward", "--size", "huge", code=2)[1]
    assert "size:" in told
    problem = json.loads(fireside("deployments", "create", "W", "--size", "huge", "--json", code=2)[1])
    assert problem["errors"][0]["pointer"] == "#/size"
    fireside("keys", "list", "no such deployment", code=5)
    fireside("deployments", "frobnicate", code=2)


def test_a_key_is_issued_used_rotated_and_revoked(
    fireside: Fireside, ward: str, product: Product, tmp_path: Path
) -> None:
    base = fireside.json("deployments", "show", ward)["fhir_base"]
    file = tmp_path / "people.ndjson"
    file.write_text("".join(json.dumps({"resourceType": "Person", "id": f"p{n}"}) + "\n" for n in range(3)))
    fireside("load", "file", ward, str(file), "--wait", "--timeout", WORK_SECONDS)
    key = fireside("keys", "issue", ward, "Lab", "--access", "Person=rs", "--days", "7")[0].strip()

    def status(text: str, path: str = "Person/p2") -> int:
        return httpx.get(f"{base}/{path}", headers={"x-api-key": text}).status_code

    assert (status(key), status(key, "Patient")) == (200, 403)
    listed = fireside.json("keys", "list", ward)
    assert [one["access"]["types"] for one in listed] == [{"Person": "rs"}]
    assert key not in json.dumps(listed)
    second = fireside("keys", "rotate", ward, listed[0]["id"])[0].strip()
    assert (second != key, status(second), status(key)) == (True, 200, 200)
    fireside("keys", "revoke", ward, listed[0]["id"])
    assert fireside.json("keys", "list", ward) == []
    line = fireside.log_line(ward, "Patient", "--status", "403")
    assert "Lab" in line


def test_the_log_is_followed(fireside: Fireside, ward: str) -> None:
    base = fireside.json("deployments", "show", ward)["fhir_base"]
    httpx.get(f"{base}/Patient?name=Before")
    following = fireside.start("logs", "tail", ward, "--follow", "--json", "--status", "401")
    # Without an end of its own it would wait for ever where the behaviour breaks.
    Timer(60, following.kill).start()
    try:
        assert following.stdout
        first = json.loads(following.stdout.readline())
        httpx.get(f"{base}/Patient?name=Ida")
        line = json.loads(following.stdout.readline())
        assert (first["query"], line["query"]) == ("name=Before", "name=Ida")
        assert (line["status"], line["reason"]) == (401, "no-credential")
    finally:
        following.terminate()
        following.communicate(timeout=20)


def test_a_bad_file_ends_with_its_errors_and_loads_nothing(
    fireside: Fireside, ward: str, tmp_path: Path
) -> None:
    file = tmp_path / "bad.ndjson"
    file.write_text('{"resourceType": "Person", "id": "a"}\n{"resourceType": "Person", "gender": 7}\n')
    told = fireside("load", "file", ward, str(file), "--wait", code=1)[1]
    assert "nothing was loaded" in told
    assert "1 errors by line" in told
    jobs = fireside.json("jobs", ward, "--state", "FAILED")
    assert [job["kind"] for job in jobs] == ["import"]
    fireside("load", "file", ward, str(tmp_path / "absent.ndjson"), code=2)


def test_stopping_and_starting_are_waited_for(fireside: Fireside, ward: str) -> None:
    base = fireside.json("deployments", "show", ward)["fhir_base"]
    stopped = fireside.json("deployments", "stop", ward, "--wait", "--timeout", WORK_SECONDS)
    assert stopped["state"] == "STOPPED"
    assert httpx.get(f"{base}/metadata").status_code == 503
    assert "stopped" in fireside("deployments", "stop", ward, code=6)[1]
    fireside("deployments", "start", ward, "--wait", "--timeout", WORK_SECONDS)
    assert httpx.get(f"{base}/metadata").status_code == 200


def test_a_first_word_alone_shows_what_can_follow(tmp_path: Path) -> None:
    fireside = Fireside(tmp_path)
    _, told = fireside(code=2)
    assert "Keep a token" in told
    _, told = fireside("keys", code=2)
    assert "Issue a key" in told
    _, told = fireside("login", "--url", "fireside.example", "--token-stdin", stdin="x", code=2)
    assert "begin it with https://" in told


def test_what_no_request_can_be_made_of_is_said_so(tmp_path: Path) -> None:
    fireside = Fireside(tmp_path)
    fireside.environment |= {"FIRESIDE_URL": "http://127.0.0.1:1", "FIRESIDE_TOKEN": "fsm_é"}
    assert "no token" in fireside("tenants", code=2)[1]
    assert "no token" in fireside("login", "--url", "http://127.0.0.1:1", stdin="a token\n", code=2)[1]
    fireside.environment |= {"FIRESIDE_URL": "localhost:8000", "FIRESIDE_TOKEN": "x"}
    assert "begin it with https://" in fireside("tenants", code=2)[1]
    fireside.environment["FIRESIDE_URL"] = "http://127.0.0.1:1"
    assert "no date" in fireside("keys", "issue", "Ward", "Lab", "--days", "99999999999", code=2)[1]


def test_times_are_local_in_tables_and_iso_in_json(fireside: Fireside, product: Product) -> None:
    made = datetime.fromisoformat(fireside.json("tenants")[0]["created"])
    fireside.environment["TZ"] = "Asia/Kathmandu"
    assert f"{made.astimezone(ZoneInfo('Asia/Kathmandu')):%Y-%m-%d %H:%M}" in fireside("tenants")[0]
    assert datetime.fromisoformat(fireside.json("tenants")[0]["created"]) == made
    httpx.get(f"{product.demo['fhir_base']}/Patient?name=Clock")
    logged = json.loads(fireside.log_line(product.demo["deployment"], "name=Clock", "--json"))
    shown = fireside.log_line(product.demo["deployment"], logged["trace_id"])
    at = datetime.fromisoformat(logged["time"]).astimezone(ZoneInfo("Asia/Kathmandu"))
    assert f"{at:%Y-%m-%d %H:%M:%S}" in shown


def test_json_is_asked_for_before_or_after_the_command(tmp_path: Path) -> None:
    fireside = Fireside(tmp_path)
    fireside.environment |= {"FIRESIDE_URL": "http://127.0.0.1:1", "FIRESIDE_TOKEN": "x"}
    for words in (("--json", "keys", "list", "Ward"), ("keys", "list", "Ward", "--json")):
        _, told = fireside(*words, code=7)
        assert "cannot be reached" in told


def test_tab_offers_commands_and_options(tmp_path: Path) -> None:
    script, _ = Fireside(tmp_path)("completion", "bash")

    def offered(*words: str) -> list[str]:
        line = " ".join(f'"{word}"' for word in words)
        asked = f"COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _fireside; echo ${{COMPREPLY[@]}}"
        done = subprocess.run(["bash", "-c", script + asked], capture_output=True, text=True, check=True)
        return done.stdout.split()

    assert {"login", "deployments", "servers"} <= set(offered("fireside", ""))
    assert offered("fireside", "keys", "i") == ["issue"]
    assert offered("fireside", "keys", "issue", "--acc") == ["--access"]
    assert offered("fireside", "whoami", "--js") == ["--json"]


def interrupted(command: subprocess.Popen[str], after: str) -> str:
    """Standard error of a command that was stopped with Ctrl-C as soon as it had said `after`."""
    assert command.stderr
    told = ""
    while after not in told:
        line = command.stderr.readline()
        assert line, told
        told += line
    command.send_signal(signal.SIGINT)
    told += command.communicate(timeout=60)[1]
    assert command.returncode == 130, told
    assert "Traceback" not in told
    return told


def test_who_stops_waiting_is_told_what_goes_on(fireside: Fireside, ward: str, tmp_path: Path) -> None:
    file = tmp_path / "long.ndjson"
    file.write_text('{"resourceType": "Person"}\n' * 4_000_000)
    told = interrupted(fireside.start("load", "file", ward, str(file), "--wait"), after="Sending")
    assert "Nothing was loaded." in told
    assert fireside.json("jobs", ward, "--state", "RUNNING") == []
    told = interrupted(fireside.start("load", "preset", ward, "synthea-5", "--wait"), after="preset data")
    assert "the work goes on" in told
    assert "preset" in [job["kind"] for job in fireside.json("jobs", ward)]
    while any(job["finished"] is None for job in fireside.json("jobs", ward)):
        time.sleep(0.5)
