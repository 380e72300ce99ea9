"""What an access allows, for every kind, type and interaction."""

import pytest

from credentials.access import FULL, INTERACTIONS, READ_ONLY, Access, InvalidAccess, chosen, parse_access

SOME = chosen({"Patient": "sr", "Observation": "cruds", "*": "r"})


@pytest.mark.parametrize(
    ("access", "resource_type", "allowed"),
    [
        (FULL, "Patient", "cruds"),
        (READ_ONLY, "Patient", "rs"),
        (SOME, "Patient", "rs"),
        (SOME, "Observation", "cruds"),
        (SOME, "Claim", "r"),
        (chosen({"Patient": "d"}), "Claim", ""),
    ],
)
def test_an_access_allows_exactly_its_letters(access: Access, resource_type: str, allowed: str) -> None:
    assert "".join(letter for letter in INTERACTIONS if access.allows(resource_type, letter)) == allowed


@pytest.mark.parametrize("access", [FULL, READ_ONLY, SOME])
def test_an_access_survives_storage(access: Access) -> None:
    assert parse_access(access.as_json()) == access


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"kind": "all"},
        {"kind": "chosen"},
        {"kind": "chosen", "types": {}},
        {"kind": "chosen", "types": {"Patient": ""}},
    ],
)
def test_nonsense_is_refused(stored: dict[str, object]) -> None:
    with pytest.raises(InvalidAccess):
        parse_access(stored)


@pytest.mark.parametrize(
    "types", [{"patient": "r"}, {"Patient": "x"}, {"Patient;": "r"}, {"": "r"}, {"P" * 80: "r"}]
)
def test_unknown_names_and_letters_are_refused(types: dict[str, str]) -> None:
    with pytest.raises(InvalidAccess):
        chosen(types)


def test_narrowing_is_decided_type_by_type() -> None:
    assert READ_ONLY.narrows(FULL)
    assert chosen({"Patient": "rs"}).narrows(READ_ONLY)
    assert chosen({"*": "rs"}).narrows(READ_ONLY)
    assert not chosen({"Patient": "c"}).narrows(READ_ONLY)
    assert not READ_ONLY.narrows(chosen({"Patient": "rs"}))
    assert chosen({"Patient": "r"}).narrows(chosen({"*": "r"}))
    assert not chosen({"*": "r"}).narrows(chosen({"Patient": "r"}))
