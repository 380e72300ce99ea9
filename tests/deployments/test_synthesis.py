"""Synthetic patients: the same each time, whole in themselves, made in a process of their own."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from deployments import presets, synthesis
from deployments.presets import Preset

ONE = Preset("one", "One", "One patient", patients=1, years=8)


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["reference"]] if isinstance(node.get("reference"), str) else []
        return own + [found for value in node.values() for found in _references(value)]
    if isinstance(node, list):
        return [found for item in node for found in _references(item)]
    return []


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path = tmp_path_factory.mktemp("synthesis") / "one.ndjson"
    synthesis.write(1, 8, presets.SEED, path)
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_every_reference_resolves_inside_the_set(generated: list[dict[str, Any]]) -> None:
    known = {f"{resource['resourceType']}/{resource['id']}" for resource in generated}
    assert {reference for resource in generated for reference in _references(resource)} <= known


def test_only_what_is_recent_or_needed_is_kept(generated: list[dict[str, Any]]) -> None:
    observed = [
        resource["effectiveDateTime"] for resource in generated if resource["resourceType"] == "Observation"
    ]
    assert observed
    assert sum(date >= "2018" for date in observed) > len(observed) / 2


def test_a_preset_is_generated_once_with_progress_and_is_always_the_same(
    generated: list[dict[str, Any]], settings: Settings, tmp_path: Path
) -> None:
    settings.PRESETS_DIR = tmp_path
    of_a_killed_worker = ONE.path.with_suffix(".0123abcd.part")
    of_another_preset = tmp_path / "another.0123abcd.part"
    for half in (of_a_killed_worker, of_another_preset):
        half.write_text("{")
    reports: list[tuple[int, int]] = []
    path = presets.ensure_generated(ONE, lambda done, total: reports.append((done, total)))
    assert [json.loads(line) for line in path.read_text().splitlines()] == generated
    assert reports == [(1, 1)]
    written = path.stat().st_mtime_ns
    assert presets.ensure_generated(ONE, lambda done, total: None) == path
    assert (of_a_killed_worker.exists(), of_another_preset.exists()) == (False, True)
    assert path.stat().st_mtime_ns == written


def test_a_generator_that_fails_says_why_and_leaves_no_file(settings: Settings, tmp_path: Path) -> None:
    settings.PRESETS_DIR = tmp_path
    broken = Preset("broken", "Broken", "", patients=1, years=5000)
    with pytest.raises(presets.SynthesisFailed):
        presets.ensure_generated(broken, lambda done, total: None)
    assert not broken.path.exists()


def test_two_jobs_that_need_the_same_preset_make_it_once(settings: Settings, tmp_path: Path) -> None:
    settings.PRESETS_DIR = tmp_path
    with ThreadPoolExecutor(2) as threads:
        reports: list[list[tuple[int, int]]] = [[], []]
        made = [
            threads.submit(
                presets.ensure_generated, ONE, lambda done, total, own=own: own.append((done, total))
            )
            for own in reports
        ]
        paths = {one.result() for one in made}
    assert paths == {ONE.path}
    assert sorted(report[-1] for report in reports) == [(0, 1), (1, 1)]
