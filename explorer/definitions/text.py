"""JSON text without loss: decimals stay as they were written."""

from decimal import Decimal
from typing import Any

import msgspec

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
