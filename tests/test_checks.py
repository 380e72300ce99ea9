"""Settings that cannot work are told at the start, with what to do about them."""

from pathlib import Path

import pytest
from django.core.checks import run_checks
from pytest_django import Settings


def test_a_directory_for_transfers_may_be_made_later(settings: Settings, tmp_path: Path) -> None:
    settings.TRANSFER_DIR = tmp_path / "not" / "yet"
    assert run_checks() == []


@pytest.mark.parametrize("below", ["", "transfers"])
def test_a_file_in_the_place_of_the_directory_is_told(settings: Settings, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    settings.TRANSFER_DIR = tmp_path / "file" / below
    (told,) = run_checks()
    assert str(settings.TRANSFER_DIR) in told.msg
    assert "share" in str(told.hint)
