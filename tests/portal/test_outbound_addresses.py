"""Which typed-in addresses may be spoken to: none that leads to a private network, however it is written."""

import socket
from typing import Any

import pytest

from portal.outbound import AddressRefused, OutboundError, check_address, fetch

_REFUSED = (
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://127。0。0。1/",
    "http://LOCALHOST/",
    "http://localhost:8000/",
    "http://10.1.2.3/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b:1::a00:1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:7f00:1::]/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://user@127.0.0.1/",
    "http://user:word@8.8.8.8/",
    "http://8.8.8.8@127.0.0.1/",
    "http://127.0.0.1@8.8.8.8/",
    "http://8.8.8.8\\@127.0.0.1/",
    "http://8.8.8.8:22/",
    "https://8.8.8.8:6379/",
    "http://8.8.8.8:0/",
    "http://8.8.8.8:99999/",
    "http://127.0.0.1:80:80/",
    "http://[::1",
    "http:127.0.0.1",
    "http:///127.0.0.1",
    "http:\\\\127.0.0.1/",
    "http://a\nb/",
    "http://\0/",
    "http://192.0.0.192/opc/v2/",
    "http://168.63.129.16/machine",
    "http://[::ffff:168.63.129.16]/",
    "http://[64:ff9b::a83f:8110]/",
    "file:///etc/passwd",
    "gopher://example.org/",
    "javascript:alert(1)",
    "//example.org/",
    "http://",
    "",
)


@pytest.mark.parametrize("url", _REFUSED)
def test_private_and_strange_addresses_are_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        fetch(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://8.8.8.8/",
        "https://8.8.8.8:8443/fhir",
        "http://8.8.8.8/#@127.0.0.1",
        "http://[2001:4860:4860::8888]/",
    ],
)
def test_public_addresses_may_be_spoken_to(url: str) -> None:
    check_address(url)


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "a b", "..", "ex_ample.invalid"])
def test_a_name_that_nobody_has_is_said_to_be_unknown(host: str) -> None:
    with pytest.raises(OutboundError, match="not known"):
        check_address(f"http://{host}/")


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(host: str, port: int, *_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in ("8.8.8.8", "10.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(AddressRefused):
        check_address("https://mixed.example/")
