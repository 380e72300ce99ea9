"""FHIR packages: what they bring, and what is refused."""

import gzip
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from fhirspec import package as bounds
from fhirspec.package import PackageProblem, read_package

MANIFEST = {
    "name": "example.guide",
    "version": "1.0.0",
    "fhirVersions": ["4.0.1"],
    "dependencies": {"other": "2.0.0"},
}


def profile(name: str, **elements: Any) -> dict[str, Any]:
    return {
        "resourceType": "StructureDefinition",
        "url": f"http://example.org/{name}",
        "kind": "resource",
        "derivation": "constraint",
        **elements,
    }


def packed(files: dict[str, Any], links: tuple[str, ...] = ()) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, body in files.items():
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
        for name in links:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(member)
    return content.getvalue()


def test_a_package_is_its_manifest_and_its_conformance_resources() -> None:
    found = read_package(
        packed(
            {
                "package/package.json": MANIFEST,
                "package/b.json": profile("b"),
                "package/a.json": profile("a"),
                "package/extension.json": profile("extension", kind="complex-type"),
                "package/patient.json": {"resourceType": "Patient"},
                "package/.index.json": {"files": []},
                "package/example/c.json": profile("c"),
                "package/notes.txt": b"hello",
            }
        )
    )
    assert (found.name, found.version, found.dependencies) == ("example.guide", "1.0.0", {"other": "2.0.0"})
    assert [one["url"] for one in found.profiles] == ["http://example.org/a", "http://example.org/b"]
    assert len(found.of_type("StructureDefinition")) == 3
    assert found.others == 1
    assert found.find("http://example.org/a|1.0.0") == profile("a")
    assert found.find("http://example.org/c") is None


def test_names_outside_of_the_package_and_links_are_never_looked_at() -> None:
    files = {"package/package.json": MANIFEST, "../x.json": profile("x"), "/package/y.json": profile("y")}
    assert read_package(packed(files, links=("package/z.json",))).resources == {}


REFUSED: list[tuple[bytes, str]] = [
    (b"", "not a gzipped tar archive"),
    (b"hello", "not a gzipped tar archive"),
    (gzip.compress(b"hello"), "not a gzipped tar archive"),
    (packed({"package/package.json": MANIFEST})[:60], "not a gzipped tar archive"),
    (packed({"a.json": {}}), "no package/package.json"),
    (packed({"package/package.json": b"{"}), "package/package.json is not JSON"),
    (packed({"package/package.json": {"name": "x"}}), "needs a name and a version"),
    (packed({"package/package.json": {**MANIFEST, "fhirVersions": ["5.0.0"]}}), "is for FHIR 5.0.0"),
    (packed({"package/package.json": {**MANIFEST, "fhirVersions": "5.0.0"}}), "is for FHIR 5.0.0;"),
    (
        packed({"package/package.json": {**MANIFEST, "fhirVersions": {"a": 1}}}),
        "fhirVersions is to be a list",
    ),
    (packed({"package/package.json": {**MANIFEST, "dependencies": ["a"]}}), "dependencies an object"),
    (packed({"package/package.json": {**MANIFEST, "name": "../../x"}}), "letters, digits"),
    (packed({"package/package.json": {**MANIFEST, "name": "<script>"}}), "letters, digits"),
    (packed({"package/package.json": {**MANIFEST, "version": "1/2"}}), "letters, digits"),
]


# Named by number: an archive's bytes hold the time at which it was packed.
@pytest.mark.parametrize(("content", "words"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_an_r4_package_is_refused(content: bytes, words: str) -> None:
    with pytest.raises(PackageProblem) as caught:
        read_package(content)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        ("MAX_PACKED_BYTES", "larger than 10 bytes"),
        ("MAX_UNPACKED_BYTES", "unpacks to more than 10 bytes"),
        ("MAX_FILE_BYTES", "package.json is larger than 10 bytes"),
    ],
)
def test_a_package_out_of_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, bound: str, words: str) -> None:
    monkeypatch.setattr(bounds, bound, 10)
    with pytest.raises(PackageProblem, match=words):
        read_package(packed({"package/package.json": MANIFEST}))


def test_a_package_with_too_many_files_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_FILES", 1)
    with pytest.raises(PackageProblem, match="more than 1 files"):
        read_package(packed({"package/package.json": MANIFEST, "package/a.json": {}}))


def test_headers_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """tarfile reads an extended header whole, however large it says it is."""
    monkeypatch.setattr(bounds, "MAX_UNPACKED_BYTES", 100_000)
    bomb = io.BytesIO()
    with tarfile.open(fileobj=bomb, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("package/package.json")
        member.pax_headers = {"comment": "x" * 10_000_000}
        archive.addfile(member)
    with pytest.raises(PackageProblem, match="unpacks to more than 100000 bytes"):
        read_package(bomb.getvalue())


@pytest.mark.parametrize(("version", "profiles"), [("3.1.1", 26), ("5.0.1", 45), ("6.1.0", 49)])
def test_us_core_is_read(shared_data: Path, version: str, profiles: int) -> None:
    found = read_package((shared_data / "us-core" / f"hl7.fhir.us.core-{version}.tgz").read_bytes())
    assert (found.name, found.version, len(found.profiles)) == ("hl7.fhir.us.core", version, profiles)
    assert found.of_type("SearchParameter")
