"""Pages link one style sheet an area; static/css/<area>/ holds its parts."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from portal.stylesheets import SOURCES, JoinedStylesheets, join

AREAS = sorted(index.parent for index in SOURCES.glob("*/index.css"))


@pytest.fixture
def area(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An area of its own, `hall`, of two parts."""
    monkeypatch.setattr("portal.stylesheets.SOURCES", tmp_path)
    hall = tmp_path / "hall"
    hall.mkdir()
    (hall / "index.css").write_text('/* The hall. */\n@import "walls.css";\n@import "doors.css";\n')
    (hall / "walls.css").write_text("p { color: red; }\n")
    (hall / "doors.css").write_text("p { color: blue; }\n")
    return hall


def test_parts_are_joined_in_the_order_of_the_index(area: Path) -> None:
    assert join(area / "index.css").splitlines()[:2] == ["/* The hall. */", "p { color: red; }"]
    assert join(area / "index.css").index("red") < join(area / "index.css").index("blue")


def test_an_import_of_a_part_that_is_not_there_names_it(area: Path) -> None:
    (area / "doors.css").unlink()
    with pytest.raises(FileNotFoundError, match=r"doors\.css"):
        join(area / "index.css")


@pytest.mark.parametrize("folder", AREAS, ids=lambda folder: folder.name)
def test_every_part_is_imported_once(folder: Path) -> None:
    imported = re.findall(r'@import "(.+)";', (folder / "index.css").read_text())
    assert sorted(imported) == sorted(part.name for part in folder.glob("*.css") if part.name != "index.css")
    assert "@import" not in join(folder / "index.css")


@pytest.mark.parametrize("name", ["site", "explorer", "portal", "deployments"])
def test_browsers_get_one_compressed_file_an_area(name: str) -> None:
    answer = Client().get(f"/static/css/{name}.css", headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Type"].startswith("text/css")
    assert answer["Content-Encoding"] == "gzip"
    text = gzip.decompress(b"".join(answer)).decode()  # type: ignore[arg-type]
    assert text == join(SOURCES / name / "index.css")


def test_a_changed_part_is_found_anew(area: Path) -> None:
    finder = JoinedStylesheets()
    assert "blue" in Path(finder.find("css/hall.css")).read_text()
    (area / "doors.css").write_text("p { color: green; }\n")
    assert "green" in Path(finder.find("css/hall.css")).read_text()


def test_what_did_not_change_is_not_written_again(area: Path) -> None:
    finder = JoinedStylesheets()
    before = [Path(storage.path(path)).stat().st_mtime_ns for path, storage in finder.list(None)]
    after = [Path(storage.path(path)).stat().st_mtime_ns for path, storage in finder.list(None)]
    assert len(before) == 3
    assert before == after


def test_other_static_files_are_left_to_the_other_finders() -> None:
    assert finders.find("css/gateway.css") == str(SOURCES / "gateway.css")
    assert JoinedStylesheets().find("css/gateway.css") == []
    assert JoinedStylesheets().find("js/site.css") == []
