"""Headers of whatever content: each is understood as the standards say, or refused as the client's fault."""

from collections.abc import Callable
from contextlib import suppress
from email.utils import formatdate
from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from fhirserver.http import FhirRequest
from fhirserver.negotiation import form_of
from fhirserver.outcomes import BadRequest, FhirError, NotAcceptable, PreconditionFailed
from fhirserver.representation import read_json, read_resource
from fhirserver.responses import preference, resource_response, version_headers
from fhirserver.store import Current, Version
from fhirserver.writing import check_if_match, check_if_none_match

HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60)
LIKE_TAGS = st.text(alphabet='W/"0123456789,* ', max_size=20)
JSON, XML, OTHER = "application/fhir+json", "application/fhir+xml", "image/png"
WISHES = st.lists(st.tuples(st.sampled_from((JSON, XML, OTHER)), st.integers(0, 10)), min_size=1, max_size=5)


def version(number: int, deleted: bool = False) -> Current:
    method = "DELETE" if deleted else "PUT"
    return Current(1, "Patient", "1", number, 1, method, None if deleted else b"{}", 1, b"")


def holds(condition: str, current: Current | None) -> bool:
    try:
        check_if_match(condition, current)
    except PreconditionFailed:
        return False
    return True


@given(st.integers(1, 10**6), st.lists(st.integers(1, 10**6), max_size=4), st.booleans())
def test_if_match_holds_for_the_versions_it_names(number: int, others: list[int], weak: bool) -> None:
    tags = [f'{"W/" if weak else ""}"{one}"' for one in (*others, number)]
    assert holds(", ".join(tags), version(number))
    assert holds(",".join(tags[:-1]), version(number)) == (not others or number in others)
    assert holds("*", version(number))
    assert not holds(tags[-1], None)
    assert not holds("*", version(number, deleted=True))


@given(HEADER | LIKE_TAGS, st.none() | st.integers(1, 99).map(version))
def test_no_condition_breaks_a_write(condition: str, current: Current | None) -> None:
    for check in (check_if_match, check_if_none_match):
        with suppress(PreconditionFailed):
            check(condition, current)


@given(WISHES)
def test_accept_chooses_the_form_of_the_greatest_wish(wishes: list[tuple[str, int]]) -> None:
    """https://www.rfc-editor.org/rfc/rfc9110#name-accept; of equal wishes the first counts."""
    header = ", ".join(f"{name};q={quality / 10}" for name, quality in wishes)
    possible = [
        (-quality, at, name) for at, (name, quality) in enumerate(wishes) if quality and name != OTHER
    ]
    try:
        assert form_of(FhirRequest("GET", "", headers={"accept": header})).is_xml == (min(possible)[2] == XML)
    except NotAcceptable:
        assert not possible


@given(HEADER, HEADER)
def test_no_accept_and_no_format_breaks_an_answer(accept: str, asked: str) -> None:
    for request in (
        FhirRequest("GET", "", headers={"accept": accept}),
        FhirRequest("GET", "", [("_format", asked)]),
    ):
        with suppress(BadRequest, NotAcceptable):
            assert form_of(request).is_xml in (True, False)


PREFERENCES = st.dictionaries(
    st.sampled_from(("return", "handling", "wait", "respond-async")),
    st.from_regex(r"\A[A-Za-z]{1,12}\Z"),
    max_size=4,
)


@given(PREFERENCES, st.sampled_from((", ", ",", ";", "; ")))
def test_each_preference_is_found_beside_the_others(preferences: dict[str, str], separator: str) -> None:
    header = separator.join(f"{name}={value}" for name, value in preferences.items())
    request = FhirRequest("GET", "", headers={"prefer": header})
    for name in ("return", "handling"):
        assert preference(request, name) == preferences.get(name, "").lower()


@given(HEADER)
def test_no_preference_breaks_a_request(header: str) -> None:
    assert isinstance(preference(FhirRequest("GET", "", headers={"prefer": header}), "return"), str)


SECONDS = st.integers(0, 4_000_000_000)
LIKE_DATES = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(("Mon", "Sun", "x")),
    st.integers(0, 40),
    st.sampled_from(("Jan", "Feb", "Dec", "Foo")),
    st.sampled_from(("0000", "1", "1970", "2026", "9999", "99999999999")),
    *(st.integers(0, 70) for _ in range(3)),
    st.sampled_from(("GMT", "-0000", "+9999", "+2400", "EST", "", "Z")),
)


def stored(number: int, seconds: int, part: int = 0) -> Version:
    return Version(1, "Patient", "1", number, seconds * 1_000_000 + part, "PUT", b"{}")


def read(current: Version, **headers: str) -> int:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return resource_response(FhirRequest("GET", "Patient/1", headers=named), current).status


@given(SECONDS, st.integers(0, 999_999), SECONDS, st.integers(1, 9), st.sets(st.integers(1, 9), max_size=3))
def test_a_read_is_answered_304_for_a_version_that_the_client_has(
    seconds: int, part: int, since: int, number: int, tags: set[int]
) -> None:
    """https://www.rfc-editor.org/rfc/rfc9110#section-13.2.2: a tag decides, and a date only where there is none."""
    current, date = stored(number, seconds, part), formatdate(since, usegmt=True)
    known = ", ".join(f'W/"{tag}"' for tag in tags)
    assert read(current, if_modified_since=date) == (304 if seconds <= since else 200)
    if tags:
        expected = 304 if number in tags else 200
        assert read(current, if_none_match=known) == expected
        assert read(current, if_none_match=known, if_modified_since=date) == expected
    told = version_headers(current)
    assert read(current, if_none_match=told["ETag"]) == 304
    assert read(current, if_modified_since=told["Last-Modified"]) == 304


@given(HEADER | LIKE_TAGS, HEADER | LIKE_DATES)
def test_no_condition_breaks_a_read(tags: str, date: str) -> None:
    for headers in ({"if_none_match": tags}, {"if_modified_since": date}):
        assert read(stored(1, 0), **headers) in (200, 304)


CONTENT_TYPES = st.builds(
    "{}{}{}".format,
    st.sampled_from((JSON, XML, "application/json", "text/xml", "", "application/merge-patch+json")),
    st.sampled_from((";", "; ", ";;", " ; charset=", "; fhirVersion=", ';charset="')),
    HEADER,
)
BODIES = st.sampled_from((b"", b"{}", b'{"resourceType":"Patient"}', b"<Patient/>", b"\xff", b"[", b"null"))


@given(HEADER | CONTENT_TYPES, BODIES)
def test_no_content_type_breaks_a_body(kind: str, body: bytes) -> None:
    request = FhirRequest("POST", "Patient", headers={"content-type": kind}, body=body)
    for reader in (read_resource, read_json):
        assert status_of(partial(reader, request)) in (200, 400, 413, 415)


def status_of(act: Callable[[], object]) -> int:
    try:
        act()
    except FhirError as refused:
        return refused.status
    return 200
