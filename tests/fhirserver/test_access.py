from fhirserver.access import FULL, NOTHING, READ_ONLY, AccessGrant, Permission


def test_an_empty_grant_allows_nothing() -> None:
    assert not any(NOTHING.allows("Patient", code) for code in "cruds")


def test_a_read_only_grant_reads_and_searches_every_type_and_writes_none() -> None:
    assert [READ_ONLY.allows("Device", code) for code in "cruds"] == [False, True, False, False, True]
    assert all(FULL.allows("Device", code) for code in "cruds")


def test_a_confined_permission_allows_but_is_not_unconfined() -> None:
    grant = AccessGrant((Permission("Observation", frozenset("rs"), ("Patient", "a")),))
    assert grant.allows("Observation", "r")
    assert not grant.is_unconfined("Observation", "r")
    assert not grant.allows("Patient", "r")
