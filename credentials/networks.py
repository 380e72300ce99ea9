"""The networks from which a key may be used, in CIDR notation (RFC 4632 for IPv4, RFC 4291 section 2.3 for IPv6)."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

MOST_NETWORKS = 100
Network = IPv4Network | IPv6Network


class InvalidNetwork(ValueError):
    """What was written is no network; the message names it and says how to write it."""


def parse_networks(written: Iterable[str]) -> list[str]:
    """Canonical networks, each once, in the order given. A single address is a network of one. Raises InvalidNetwork."""
    found: dict[str, None] = {}
    for text in written:
        found[str(_parse(text.strip()))] = None
        if len(found) > MOST_NETWORKS:
            raise InvalidNetwork(f"A key may have {MOST_NETWORKS} networks at most: join some of them.")
    return list(found)


def _parse(text: str) -> Network:
    try:
        return ip_network(text)
    except ValueError:
        pass
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        shown = text[:60]
        raise InvalidNetwork(
            f"“{shown}” is not a network. Write 203.0.113.0/24, 2001:db8::/32 or one address."
        ) from None
    raise InvalidNetwork(f"“{text}” has bits set beyond its length. Did you mean {meant}?")


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether the address lies in one of them; no networks means anywhere. What is no address lies in none."""
    if not networks:
        return True
    try:
        seen: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return False
    # A socket that takes both families shows an IPv4 caller so (RFC 4291, 2.5.5.2).
    if isinstance(seen, IPv6Address) and seen.ipv4_mapped is not None:
        seen = seen.ipv4_mapped
    return any(seen in network for network in _read(tuple(networks)))


@lru_cache(maxsize=1024)
def _read(networks: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ip_network(network) for network in networks)
