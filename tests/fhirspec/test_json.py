"""JSON comes back as it was sent, and a fault names its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhirspec.json import MAX_DEPTH, MalformedJson, decode, decode_object, encode


@pytest.mark.parametrize(
    "text",
    [
        "1.50",
        "0.000",
        "-3.10",
        "100",
        "1.0",
        "12345678901234567890.123456789",
        "1e5",
        "1E+2",
        "0.0000001",
        "-0.0",
    ],
)
def test_decimals_keep_their_text(text: str) -> None:
    assert encode(decode(f'{{"value":{text}}}'.encode())) == f'{{"value":{text}}}'.encode()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    )
)
def test_any_value_survives_the_round_trip(value: object) -> None:
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [(b'{"a": 1,\n "b": }', 2, 7), (b'{"a": "\xff"}', 1, 8), (b"[1]", 1, 1), (b'{"a":1', 1, 7)],
)
def test_a_fault_names_its_line_and_column(body: bytes, line: int, column: int) -> None:
    with pytest.raises(MalformedJson) as fault:
        decode_object(body)
    assert (fault.value.line, fault.value.column) == (line, column)


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 100_000])
def test_a_text_nested_too_deeply_is_refused(levels: int) -> None:
    with pytest.raises(MalformedJson, match="nested deeper"):
        decode_object(b'{"a":' * levels + b"1" + b"}" * levels)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert decode_object(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


def test_an_empty_body_is_said_to_be_empty() -> None:
    with pytest.raises(MalformedJson, match="empty"):
        decode_object(b"  ")


@pytest.mark.parametrize(
    "text", ['{"a":1,"a":2}', '{"b":[{"a" : 1, "a":2}]}', '{"a":1, "\\u0061":2}', '{"c" :1,"a":"\\":","a":3}']
)
def test_a_name_that_stands_twice_in_an_object_is_refused(text: str) -> None:
    with pytest.raises(MalformedJson, match="'a' more than once"):
        decode_object(text.encode())


@pytest.mark.parametrize(
    "text", ['{"a":{"a":1},"b":"\\":"}', '{"a" : [{"a":1},{"a":"x:\\\\"}]}', '{"a\\\\":1}']
)
def test_the_same_name_in_other_objects_is_fine(text: str) -> None:
    assert decode_object(text.encode())


def test_a_name_that_stands_twice_among_a_great_many_is_found() -> None:
    """At once: comparing each with each would take hours."""
    names = b",".join(b'"n%d":1' % number for number in range(300_000))
    with pytest.raises(MalformedJson, match="'n299999' more than once"):
        decode_object(b"{" + names + b',"n299999":2}')


def test_a_number_with_too_many_digits_is_refused_in_plain_words() -> None:
    with pytest.raises(MalformedJson, match=r"^A whole number has more than 4300 digits$"):
        decode(b'{"multipleBirthInteger":' + b"9" * 5000 + b"}")
