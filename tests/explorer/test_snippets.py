"""What is shown to be pasted does what Execute does: each snippet is run by its own interpreter."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path
from shutil import which

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from explorer.building.criteria import parse_query
from explorer.building.draft import Draft
from explorer.building.interactions import SYSTEM_OPERATIONS, TYPE_OPERATIONS
from explorer.building.outgoing import API_KEY, BEARER, Outgoing, Secret, build_request
from explorer.snippets.curl import LONGEST_ARGUMENT, render_curl
from explorer.snippets.fhirclient import render_fhirclient
from explorer.snippets.fhirpy import render_fhirpy
from explorer.snippets.httpie import render_httpie
from explorer.snippets.javascript import render_javascript
from explorer.snippets.medplum import render_medplum
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


@settings(max_examples=40)
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


@settings(max_examples=200)
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
    for client in (render_fhirpy, render_fhirclient, render_medplum):
        assert "FHIR_API_KEY" in client(call_of(Draft("read", "Patient", "p1")), BASE)
        assert "FHIR_TOKEN" in client(call_of(Draft("read", "Patient", "p1")).with_secret(BEARER), BASE)


OPERATIONS = {operation.key: operation for operation in (*TYPE_OPERATIONS, *SYSTEM_OPERATIONS)}
PATIENT = '{"resourceType": "Patient", "id": "p1", "active": true}'
HARD = parse_query("name:exact=Eve&birthdate=ge1980&birthdate=lt1990&_has:Observation:patient:code=a|b")
# What the libraries have a word of their own for, and what that word is in each.
CALLS = [
    (Draft("read", "Patient", "p1"), 'client.get("Patient", "p1")', "request", "readResource"),
    (Draft("search", "Patient", criteria=HARD), 'resources("Patient")', "request", "search"),
    (Draft("create", "Patient", body='{"resourceType": "Patient"}'), ".save()", "create", "createResource"),
    (Draft("update", "Patient", "p1", body=PATIENT), ".save()", "update", "updateResource"),
    (Draft("delete", "Patient", "p1"), 'client.delete("Patient", "p1")', "delete", "deleteResource"),
    (Draft("history", "Patient", "p1"), 'client.execute("Patient/p1/_history"', "request", "get"),
    (Draft("batch", body='{"resourceType": "Bundle", "type": "batch"}'), 'client.execute("", method="post"', "request", "post"),
]  # fmt: skip
# Stand-ins for the packages, which are no part of this product: they tell what was called on them.
RECORDER = """
const told = (name) => (...given) => { process.stdout.write(JSON.stringify([name, ...given]) + "\\n"); return {}; };
const client = new Proxy({}, { get: (_, name) => told(name) });
"""
STAND_INS = {
    "fhirclient": "export default (...given) => ({ client: (state) => { told('client')(state); return client; } });",
    "@medplum/core": (
        "export class MedplumClient { constructor(options) { told('client')(options); return new Proxy({},"
        " { get: (_, name) => name === 'fhirUrl' ? () => 'FHIR/' : told(name) }); } }"
    ),
}


def call_of(draft: Draft) -> Outgoing:
    return build_request(draft, OPERATIONS[draft.operation], BASE)


@pytest.mark.parametrize(("draft", "said", "_", "__"), CALLS)
def test_fhirpy_is_used_in_its_own_words(draft: Draft, said: str, _: str, __: str) -> None:
    source = render_fhirpy(call_of(draft), BASE)
    compile(source, "snippet", "exec")
    assert said.replace('"', "'") in source.replace('"', "'")


@pytest.mark.skipif(which("node") is None, reason="Node is not installed")
@pytest.mark.parametrize("library", ["fhirclient", "medplum"])
@pytest.mark.parametrize(("draft", "_", "fhirclient", "medplum"), CALLS)
def test_javascript_clients_are_called_with_the_request(
    draft: Draft, _: str, fhirclient: str, medplum: str, library: str, tmp_path: Path
) -> None:
    request = call_of(draft)
    render = {"fhirclient": render_fhirclient, "medplum": render_medplum}[library]
    for name, source in STAND_INS.items():
        folder = tmp_path / "node_modules" / name
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(json.dumps({"type": "module", "exports": "./index.js"}))
        (folder / "index.js").write_text(RECORDER + source)
    (tmp_path / "snippet.mjs").write_text(render(request, BASE).replace("console.log(", "String("))
    done = subprocess.run(
        ["node", "snippet.mjs"], cwd=tmp_path, capture_output=True, check=True, env={"FHIR_API_KEY": "sesame"}
    )
    state, call = (json.loads(line) for line in done.stdout.decode().splitlines())
    assert call[0] == {"fhirclient": fhirclient, "medplum": medplum}[library]
    assert "sesame" in json.dumps([state, call])
    if draft.criteria:
        asked = call[1]["url"] if library == "fhirclient" else call[2]
        assert parse_query(asked.split("?")[-1]) == draft.criteria
    if draft.body:
        sent = [json.dumps(part, sort_keys=True) for part in call]
        held = json.dumps(json.loads(draft.body), sort_keys=True)
        assert held in sent or held == json.dumps(json.loads(call[1].get("body", "null")), sort_keys=True)


def test_clients_are_silent_about_what_they_do_not_speak() -> None:
    xml = build_request(Draft("read", "Patient", "p1", format="xml"), OPERATIONS["read"], BASE)
    form = build_request(Draft("search-post", "Patient", criteria=HARD), OPERATIONS["search-post"], BASE)
    patch = build_request(Draft("patch", "Patient", "p1", body="[]"), OPERATIONS["patch"], BASE)
    merge = build_request(Draft("patch", "Patient", "p1", body="{}"), OPERATIONS["patch"], BASE)
    for request in (xml, form, patch, merge):
        assert [render(request, BASE) for render in (render_fhirpy, render_fhirclient, render_medplum)] == [
            ""
        ] * 3
