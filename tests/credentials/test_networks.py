"""Which addresses lie in the networks of a key, and how networks are written."""

import pytest

from credentials.networks import MOST_NETWORKS, InvalidNetwork, is_within, parse_networks


@pytest.mark.parametrize(
    ("address", "networks", "within"),
    [
        ("203.0.113.9", ["203.0.113.0/24"], True),
        ("203.0.114.9", ["203.0.113.0/24"], False),
        ("203.0.113.9", ["203.0.113.9/32"], True),
        ("2001:db8::1", ["203.0.113.0/24", "2001:db8::/32"], True),
        ("2001:db9::1", ["2001:db8::/32"], False),
        ("::ffff:203.0.113.9", ["203.0.113.0/24"], True),
        ("203.0.113.9", ["::/0"], False),
        ("203.0.113.9", [], True),
        ("", ["0.0.0.0/0"], False),
        ("unknown", ["0.0.0.0/0"], False),
    ],
)
def test_an_address_lies_in_one_of_the_networks_or_not(
    address: str, networks: list[str], within: bool
) -> None:
    assert is_within(address, networks) is within


def test_networks_are_kept_in_their_shortest_form_and_once() -> None:
    written = ["203.0.113.7", "2001:0db8:0000::/32", "203.0.113.7/32"]
    assert parse_networks(written) == ["203.0.113.7/32", "2001:db8::/32"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (["10.0.0.0/8", "example.org"], "“example.org” is not a network"),
        (["10.0.0.1/8"], "Did you mean 10.0.0.0/8"),
        (["10.0.0.0/40"], "“10.0.0.0/40” is not a network"),
        ([f"10.0.{number}.0/24" for number in range(MOST_NETWORKS + 1)], "at most"),
    ],
)
def test_what_is_no_network_is_named(written: list[str], words: str) -> None:
    with pytest.raises(InvalidNetwork, match=words):
        parse_networks(written)
