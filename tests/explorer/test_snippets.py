"""What is shown to be pasted does what Execute does: each snippet is run by its own interpreter."""

import json
import subprocess
import sys
import textwrap
from shutil import which

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from explorer.building.outgoing import API_KEY, BEARER, Outgoing, Secret
from explorer.snippets.curl import LONGEST_ARGUMENT, render_curl
from explorer.snippets.httpie import render_httpie
from explorer.snippets.javascript import render_javascript
from explorer.snippets.python import render_python

BASE = "http://localhost:8000/fhir/abc/r4"
# Everything a person can send: no NUL, no half of a surrogate pair.
BODIES = st.text(alphabet=st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=60)
HEADER_VALUES = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(
    str.strip
)
TOLD = "\x1f"


def request_of(
    body: str = "", header: str = "x", method: str = "POST", secret: Secret | None = API_KEY
) -> Outgoing:
    return Outgoing(method, f"{BASE}/Patient?name=a%20b&c=$x", (("If-Match", header),), body, secret)


def run_in_bash(command: str) -> list[str]:
    """The arguments that curl gets from bash, its standard input last."""
    script = (
        "curl() { printf '%s\\037' \"$@\"; case \" $* \" in *' @- '*) cat;; esac; }; export FHIR_API_KEY=sesame "
        f"FHIR_TOKEN=open\n{command}"
    )
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    return done.stdout.decode().split(TOLD)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(body=BODIES.filter(lambda text: TOLD not in text), header=HEADER_VALUES)
@example(body='it\'s $HOME `id` \\ "x" !! \n@file', header='W/"1"\'$x`')
def test_bash_hands_curl_exactly_the_request(body: str, header: str) -> None:
    arguments = run_in_bash(render_curl(request_of(body, header)))
    assert arguments[:3] == ["-X", "POST", f"{BASE}/Patient?name=a%20b&c=$x"]
    assert "x-api-key: sesame" in arguments
    assert f"If-Match: {header}" in arguments
    if body:
        assert arguments[arguments.index("--data-raw") + 1] == body


def test_a_long_body_goes_through_standard_input() -> None:
    body = "FHIR\n" * (LONGEST_ARGUMENT // 5 + 10) + "FHIR_"
    arguments = run_in_bash(render_curl(request_of(body)))
    assert arguments[-1] == body + "\n"


def test_a_bearer_token_is_a_variable_too() -> None:
    assert "Authorization: Bearer open" in run_in_bash(render_curl(request_of(secret=BEARER)))


def test_no_credential_no_header() -> None:
    assert "x-api-key" not in render_curl(request_of(secret=None))


@settings(max_examples=200, deadline=None)
@given(body=BODIES, header=HEADER_VALUES)
@example(body='{"a": "\\u00e9"}\n"', header="a")
@example(body='a\n"""', header="a")
def test_python_sends_exactly_the_request(body: str, header: str) -> None:
    sent: dict[str, object] = {}

    class Httpx:
        @staticmethod
        def request(method: str, url: str, **more: object) -> object:
            sent.update(more, method=method, url=url)
            return type("Response", (), {"status_code": 200, "text": ""})

    source = render_python(request_of(body, header)).replace("import httpx", "").replace("print(", "str(")
    import os

    os.environ["FHIR_API_KEY"] = "sesame"
    exec(compile(source, "snippet", "exec"), {"httpx": Httpx})
    assert sent["url"] == f"{BASE}/Patient?name=a%20b&c=$x"
    assert sent["headers"] == {"x-api-key": "sesame", "If-Match": header}
    assert sent.get("content", b"") == body.encode()


def test_python_runs_as_a_program() -> None:
    source = render_python(request_of('{\n  "a": 1\n}'))
    assert (
        subprocess.run([sys.executable, "-c", f"compile({source!r}, 's', 'exec')"], check=False).returncode
        == 0
    )


@pytest.mark.skipif(which("node") is None, reason="Node is not installed")
def test_javascript_sends_exactly_the_request() -> None:
    bodies = ["{}", "a\r\nb`${x}\\n", 'it\'s "q" \u2028', '{\n "a": 1.50\n}']
    for body in bodies:
        source = render_javascript(request_of(body, 'W/"1"', secret=BEARER))
        program = textwrap.dedent("""
            globalThis.fetch = async (url, more) => {
              process.stdout.write(JSON.stringify({url, ...more}));
              process.exit(0);
            };
            (async () => { %s })();
        """)
        done = subprocess.run(
            ["node", "-e", program % source], capture_output=True, check=True, env={"FHIR_TOKEN": "open"}
        )
        sent = json.loads(done.stdout)
        assert sent["body"] == body
        assert sent["headers"] == {"Authorization": "Bearer open", "If-Match": 'W/"1"'}


def test_no_snippet_shows_a_secret() -> None:
    request = request_of("{}")
    for render in (render_curl, render_python, render_javascript, render_httpie):
        assert "FHIR_API_KEY" in render(request)
