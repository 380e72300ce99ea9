"""What the guides show is run as it stands, against the running product."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from portal.guides import EXAMPLES, GUIDES
from tests.functional.conftest import Product

SAMPLES = {guide.slug: guide.sample for guide in GUIDES if guide.sample and "curl" in guide.sample}
# What these need beyond a deployment and a key has tests of its own: tokens, and an installed guide.
ELSEWHERE = ("$FHIR_TOKEN", "$OAUTH_TOKEN_ENDPOINT", "$TOKEN", "us-core")


@pytest.fixture
def environment(product: Product, tmp_path: Path) -> dict[str, str]:
    """A folder with the files that the samples name, a patient, and a curl that fails when the server refuses."""
    base, key = product.demo["fhir_base"], product.demo["api_key"]
    made = httpx.post(
        f"{base}/Patient",
        headers={"x-api-key": key, "Content-Type": "application/fhir+json"},
        content=json.dumps({"resourceType": "Patient", "name": [{"family": "Holm"}]}),
    ).json()
    (tmp_path / "patient.json").write_text(json.dumps(made))
    (tmp_path / "bin").mkdir()
    wrapper = tmp_path / "bin" / "curl"
    wrapper.write_text(f'#!/bin/sh\nexec {shutil.which("curl")} --fail --silent --show-error "$@"\n')
    wrapper.chmod(0o755)
    paths = f"{tmp_path / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {"PATH": paths, "FHIR_BASE": base, "FHIR_API_KEY": key, "ID": made["id"], "HOME": str(tmp_path)}


def sample_of(slug: str, label: str) -> str:
    samples = next(guide.samples for guide in GUIDES if guide.slug == slug)
    return next(code for name, _, code in samples if name == label)


def run(script: str, environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("slug", SAMPLES)
def test_the_commands_of_a_guide_work(slug: str, environment: dict[str, str], tmp_path: Path) -> None:
    lines = [line for line in SAMPLES[slug].splitlines() if not line.startswith("export ")]
    paragraphs = "\n".join(lines).split("\n\n")
    kept = [each for each in paragraphs if not any(word in each for word in ELSEWHERE)]
    if slug not in ("oauth", "guides"):
        assert kept
    run("\n\n".join(kept), environment, tmp_path)
    subprocess.run(["bash", "-n", "-c", SAMPLES[slug]], check=True)
    if slug == "everything":
        assert json.loads((tmp_path / "record.json").read_text())["entry"]
    if slug == "bulk":
        lines = (tmp_path / "Patient.ndjson").read_text().splitlines()
        assert environment["ID"] in {json.loads(line)["id"] for line in lines}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_a_file_goes_in_and_comes_back_as_the_guide_shows(
    environment: dict[str, str], tmp_path: Path
) -> None:
    content, letter = b"%PDF-1.7 \x00\xff\r\n", tmp_path / "letter.pdf"
    letter.write_bytes(content)
    made, _, read = run(sample_of("requests", "A file in and out"), environment, tmp_path).rpartition("}{")
    resource = json.loads("{" + read)
    assert json.loads(made + "}") == resource
    assert (letter.read_bytes(), resource["contentType"]) == (content, "application/pdf")
    assert resource["securityContext"] == {"reference": "Patient/1"}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_each_kind_of_patch_does_what_the_guide_says(environment: dict[str, str], tmp_path: Path) -> None:
    by_merge, by_operations, by_path = sample_of("requests", "Three kinds of patch").split("\n\n")
    merged = json.loads(run(by_merge, environment, tmp_path))
    assert (merged["gender"], "birthDate" in merged, merged["maritalStatus"]) == (
        "male",
        False,
        {"text": "Married"},
    )
    operated = json.loads(run(by_operations, environment, tmp_path))
    assert operated["name"][0] == {"family": "Holm", "given": ["Jo"]}
    pathed = json.loads(run(by_path, environment, tmp_path))
    assert (pathed["gender"], pathed["meta"]["versionId"]) == ("female", "4")


def test_the_example_of_fhirpy_runs(environment: dict[str, str], tmp_path: Path) -> None:
    said = run(f"python {EXAMPLES / 'sdk-fhirpy.py'}", environment, tmp_path)
    assert "created Patient/" in said
    assert "version 3" in said
    assert "Moreau" in said
    assert "1 resources in the record" in said


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
@pytest.mark.parametrize("name", ["sdk-fhirclient.mjs", "sdk-medplum.mjs"])
def test_the_javascript_examples_can_be_read(name: str) -> None:
    """Their packages are no part of this product: without them only the syntax can be told."""
    subprocess.run(["node", "--check", str(EXAMPLES / name)], check=True)
