"""The catalogue holds all of R4, and says so when it was not built."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fhirspec.build import build
from fhirspec.catalogue import Catalogue, CatalogueMissing, get_catalogue
from fhirspec.hashing import hash64


def test_every_concrete_r4_resource_type_has_a_definition_and_search_parameters() -> None:
    catalogue = get_catalogue()
    assert len(catalogue.resource_types) == 146
    for name in catalogue.resource_types:
        assert catalogue.type_definition(name).elements[0].path == name
        assert "_id" in catalogue.search_parameters(name)


def test_a_shared_parameter_keeps_only_the_part_for_its_type() -> None:
    assert get_catalogue().search_parameters("Patient")["birthdate"].expression == "Patient.birthDate"


def test_example_and_genetics_parameters_are_left_out() -> None:
    codes = {
        code for name in get_catalogue().resource_types for code in get_catalogue().search_parameters(name)
    }
    assert "mothersMaidenName" not in codes
    assert not [code for code in codes if code.startswith("gene-")]


def test_reference_targets_are_plain_type_names() -> None:
    subject = get_catalogue().type_definition("Observation").element("Observation.subject")
    assert subject is not None
    assert subject.types[0].targets == ("Patient", "Group", "Device", "Location")


def test_an_unknown_type_is_a_key_error() -> None:
    for name in ("Unicorn", "../Patient", ""):
        with pytest.raises(KeyError):
            get_catalogue().type_definition(name)


def test_a_value_set_is_found_by_its_canonical_with_or_without_version() -> None:
    url = "http://hl7.org/fhir/ValueSet/administrative-gender"
    plain, versioned = get_catalogue().canonical(url), get_catalogue().canonical(f"{url}|4.0.1")
    assert plain is not None
    assert plain == versioned


def test_a_missing_catalogue_names_the_command_that_builds_it(tmp_path: Path) -> None:
    with pytest.raises(CatalogueMissing, match="build_catalogue"):
        _ = Catalogue(tmp_path).resource_types


def test_building_replaces_a_stale_catalogue_and_leaves_a_current_one(tmp_path: Path) -> None:
    directory = tmp_path / "catalogue"
    directory.mkdir()
    (directory / "source.txt").write_text("another package")
    assert build(directory)
    assert not build(directory)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".catalogue.lock", "catalogue"]


def test_hashes_tell_parts_apart_and_never_change() -> None:
    assert hash64("a", "b") != hash64("ab")
    assert hash64("Patient/1") == 1726183619290008363


def test_processes_that_build_at_the_same_time_build_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        built = list(pool.map(build, [tmp_path / "catalogue"] * 3))
    assert sorted(built) == [False, False, True]
    assert "Patient" in Catalogue(tmp_path / "catalogue").resource_types


def test_an_example_of_a_compartment_does_not_take_the_place_of_the_official_one() -> None:
    devices = get_catalogue().compartment("Device")
    assert devices["Observation"] == ("subject", "device")
    assert len(devices) > 20
