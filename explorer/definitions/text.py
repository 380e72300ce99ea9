"""JSON and XML text without loss: decimals stay as they were written."""

from decimal import Decimal
from typing import Any

import msgspec

from fhirspec.xml import from_xml, to_xml

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def decode_json(body: bytes) -> Any:
    """Raises ValueError for what is no JSON."""
    return _decoder.decode(body)


def indent_json(value: Any) -> str:
    return msgspec.json.format(_encoder.encode(value), indent=2).decode()


def json_scalar(value: Any) -> str:
    """A number, true, false or null as JSON."""
    return _encoder.encode(value).decode()


def decode_xml(body: bytes) -> Any:
    """The JSON form of a resource in XML. Raises ValueError for what is none."""
    return from_xml(body)


def indent_xml(value: Any) -> str:
    """A resource as an XML document without declaration, which UTF-8 does not need. Raises ValueError for what is none."""
    return to_xml(value, pretty=True).decode().partition("?>")[2].lstrip()
