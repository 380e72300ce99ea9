"""Which addresses are public, and which private ones an operator allows: pure rules for `portal.outbound`."""

import ipaddress
from collections.abc import Iterable, Iterator

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Ports of other protocols, which a request could be made to speak by its body (https://fetch.spec.whatwg.org/#port-blocking).
BAD_PORTS = frozenset(
    {
        *(1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104),
        *(109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515),
        *(526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049),
        *(3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080, 11211),
    }
)  # fmt: skip
# Translators turn these into IPv4 (RFC 6052, RFC 8215); addresses of the first kind are their own obsolete form (RFC 4291, 2.5.5.1).
_WITH_IPV4_LAST = (ipaddress.IPv6Network("::/96"), ipaddress.IPv6Network("64:ff9b::/96"))
# Of the IPv4 ones: protocol assignments (RFC 6890), where one provider of clouds tells a machine its secrets (192.0.0.192), and the
# address at which another does so, which is public by its number alone.
_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in ("64:ff9b:1::/48", "fec0::/10", "192.0.0.0/24", "168.63.129.16/32")
)


def read_address(text: str | int) -> Address:
    """::ffff:127.0.0.1 is 127.0.0.1; a zone (`fe80::1%eth0`) is left out."""
    address = ipaddress.ip_address(str(text).partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def is_public(address: Address) -> bool:
    """Whether anybody's network can reach it; an IPv6 address that holds an IPv4 one is only as public as that."""
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    if any(address in network for network in _NEVER_PUBLIC):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    return all(is_public(inner) for inner in _ipv4_inside(address))


def _ipv4_inside(address: ipaddress.IPv6Address) -> Iterator[ipaddress.IPv4Address]:
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if any(address in network for network in _WITH_IPV4_LAST):
        yield ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)


def allows(allowed: Iterable[str], host: str, port: int, address: Address) -> bool:
    """Whether the operator's list names the host, the host with its port, or a network that the address is in."""
    return any(_names(entry, host, port, address) for entry in allowed)


def _names(entry: str, host: str, port: int, address: Address) -> bool:
    name = f"[{host}]" if ":" in host else host
    if entry.lower() in (host, f"{name}:{port}", "*"):
        return True
    try:
        return address in ipaddress.ip_network(entry)
    except ValueError:
        return False
