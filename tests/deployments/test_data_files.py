"""Files of resources: checked first, loaded line by line, in parts and compressed."""

import bz2
import gzip
import json
import lzma
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from deployments import import_files
from deployments.models import Deployment, JobState
from tests.deployments.loading import BAD, PATIENT, UNNAMED, Send, ndjson, run_newest, stored

pytestmark = pytest.mark.django_db(databases=["default", "region_local"])


def test_ndjson_is_checked_and_loaded(send: Send, running: Deployment) -> None:
    job = send(ndjson(PATIENT, UNNAMED))
    assert (job.state, job.error) == (JobState.DONE, "")
    assert stored(running) == {"Patient": 2}
    assert job.result == {"checked": 2, "invalid": 0, "errors": 0, "loaded": 2}


def test_one_bad_line_stops_the_load_before_it_begins_and_can_be_downloaded(
    send: Send, running: Deployment, alices: Client
) -> None:
    job = send(ndjson(PATIENT, BAD, "no resource"))
    assert job.state == JobState.FAILED
    assert "2 of 3 resources are invalid; nothing was loaded" in job.error
    assert stored(running) == {}
    response = alices.get(f"/deployments/{running.pk}/data/{job.pk}/errors.ndjson")
    errors = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]  # type: ignore[attr-defined]
    assert {error["line"] for error in errors} == {2, 3}
    assert any("gender" in error["path"] for error in errors)


def test_invalid_resources_can_be_left_out(send: Send, running: Deployment) -> None:
    job = send(ndjson(PATIENT, BAD, UNNAMED), skip_invalid="on")
    assert job.state == JobState.DONE
    assert stored(running) == {"Patient": 2}
    assert job.result["invalid"] == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"   \n\n", "empty"),
        (b"hello", "not JSON"),
        (b'\xef\xbb\xbf<Bundle xmlns="http://hl7.org/fhir"/>', "XML"),
        (b'{"resourceType": "Patient", "id": "a", "id": "b"}', "more than once"),
        (b'{"resourceType": "Patient"', "cut off"),
        ("{}".encode("utf-16"), "UTF-16"),
        (
            '{"resourceType": "Patient", "name": [{"family": "Müller"}]}'.encode("latin-1"),
            "not in UTF-8 (byte 51)",
        ),
        (ndjson(PATIENT, UNNAMED).decode().encode("utf-16-le"), "UTF-16"),
        (ndjson(PATIENT).decode().encode("utf-16-be"), "UTF-16"),
        (bz2.compress(ndjson(PATIENT)), "gzip"),
        (lzma.compress(ndjson(PATIENT)), "gzip"),
        (json.dumps([PATIENT, UNNAMED]).encode(), "The file is a list"),
        (json.dumps([PATIENT], indent=2).encode(), "The file is a list"),
        (b"PK\x03\x04 and so on", "ZIP"),
        (gzip.compress(b"", mtime=0), "empty"),
        (gzip.compress(ndjson(PATIENT), mtime=0)[:30], "damaged or was cut off"),
        (ndjson(PATIENT, {"resourceType": "ActorDefinition"}), "1 of 2 resources is invalid"),
        (ndjson(PATIENT, UNNAMED, PATIENT), "1 of 3 resources is invalid"),
        (ndjson({"resourceType": "Bundle", "type": "batch"}, PATIENT)[:-10], "invalid"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_loads_nothing(
    alices: Client, running: Deployment, content: bytes, reason: str
) -> None:
    file = SimpleUploadedFile("patients.ndjson", content)
    page = alices.post(f"/deployments/{running.pk}/data/import/", {"file": file}, follow=True)
    if running.jobs.exists():
        job = run_newest(running)
        assert job.state == JobState.FAILED
        assert reason in job.error
    else:
        assert reason in page.content.decode()
    assert stored(running) == {}


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\n\n"])
def test_marks_line_ends_and_compression_are_read(send: Send, running: Deployment, end: bytes) -> None:
    content = b"\xef\xbb\xbf" + end.join(json.dumps(one).encode() for one in (PATIENT, UNNAMED))
    assert send(gzip.compress(content)).state == JobState.DONE
    assert stored(running) == {"Patient": 2}


def test_each_bad_line_is_told_with_its_reason(
    send: Send, running: Deployment, alices: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_files, "LARGEST_LINE", 300)
    lines = ndjson(PATIENT, PATIENT, {"resourceType": "ActorDefinition"}, {"name": "x" * 1000}, UNNAMED)
    whole = gzip.compress(lines, mtime=0) + gzip.compress(ndjson(*[UNNAMED] * 50), mtime=0)
    job = send(whole[:-4], skip_invalid="on")
    assert (job.state, job.result["loaded"]) == (JobState.DONE, 52)
    response = alices.get(f"/deployments/{running.pk}/data/{job.pk}/errors.ndjson")
    told = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]  # type: ignore[attr-defined]
    reasons = {error["line"]: error["problem"] for error in told}
    assert list(reasons) == [2, 3, 4, 56]
    for number, words in ((2, "on line 1 already"), (3, "ActorDefinition"), (4, "longer"), (56, "cut off")):
        assert words in reasons[number]


def test_an_upload_in_parts_goes_on_where_it_stopped(alices: Client, running: Deployment) -> None:
    base = f"/deployments/{running.pk}/data/uploads/"
    content = ndjson(PATIENT, UNNAMED)
    upload = alices.post(base).json()["upload"]

    def part(offset: int, body: bytes) -> tuple[int, int]:
        response = alices.patch(
            f"{base}{upload}/", body, "application/octet-stream", headers={"Upload-Offset": str(offset)}
        )
        return response.status_code, response.json()["offset"]

    assert part(0, content[:30]) == (200, 30)
    assert part(0, content[:30]) == (409, 30)
    assert alices.get(f"{base}{upload}/").json()["offset"] == 30
    assert part(30, content[30:]) == (200, len(content))
    assert alices.get(f"{base}{upload}/").json()["taken"] is False
    alices.post(f"/deployments/{running.pk}/data/import/", {"upload": upload, "filename": "patients.ndjson"})
    assert alices.get(f"{base}{upload}/").json()["taken"] is True
    assert run_newest(running).state == JobState.DONE
    assert stored(running) == {"Patient": 2}


@pytest.mark.parametrize("name", ["upload-00", "..", "upload-zzzzzzzzzzzzzzzz", "upload-0123456789abcdef"])
def test_an_upload_that_we_did_not_begin_does_not_exist(
    alices: Client, running: Deployment, name: str
) -> None:
    assert alices.get(f"/deployments/{running.pk}/data/uploads/{name}/").status_code == 404


@pytest.mark.parametrize("packed", [False, True])
def test_while_a_file_is_checked_it_tells_how_much_of_it_was_read(tmp_path: Path, packed: bool) -> None:
    content = ndjson(*({"resourceType": "Patient", "id": f"p{n}"} for n in range(1000)))
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    place = import_files.Place()
    shares = [place.share for _ in import_files.lines_of(path, place)]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert 0.9 < shares[-1] <= 1.0


def test_one_line_in_another_encoding_is_that_lines_fault(
    send: Send, running: Deployment, alices: Client
) -> None:
    strange = json.dumps({**UNNAMED, "name": [{"family": "Bär"}]}, ensure_ascii=False).encode("latin-1")
    job = send(ndjson(PATIENT) + strange + b"\n" + ndjson(UNNAMED), skip_invalid="on")
    assert (job.state, stored(running)) == (JobState.DONE, {"Patient": 2})
    response = alices.get(f"/deployments/{running.pk}/data/{job.pk}/errors.ndjson")
    [told] = [json.loads(line) for line in b"".join(response.streaming_content).splitlines()]  # type: ignore[attr-defined]
    assert told["line"] == 2
    assert "UTF-8 (column" in told["problem"]
