"""The text of an API key: `fsk_<public id>_<secret><checksum>`.

The prefix and the CRC-32 (6 characters of base 62, as in GitHub's tokens) let secret scanners recognise a leaked key
without asking us: `fsk_[a-z0-9]{12}_[A-Za-z0-9]{49}`. The public id names the key in lists and logs. The secret has
43 characters of base 62: 256 bits from the system's generator, so one SHA-256 is enough to store it safely.
"""

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass

PREFIX = "fsk"
PUBLIC_ID_LENGTH = 12
SECRET_LENGTH = 43
_PUBLIC_ALPHABET = string.ascii_lowercase + string.digits
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SHAPE = re.compile(
    rf"{PREFIX}_([a-z0-9]{{{PUBLIC_ID_LENGTH}}})_([A-Za-z0-9]{{{SECRET_LENGTH}}})([A-Za-z0-9]{{6}})"
)


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """A key as a caller sent it: well formed, but nothing else is known of it."""

    public_id: str
    text: str

    def __repr__(self) -> str:
        return f"PresentedKey({self.public_id})"


@dataclass(frozen=True, slots=True)
class HashedSecret:
    """What is stored of a key's text: its SHA-256 in hexadecimal."""

    digest: str


def new_public_id() -> str:
    return "".join(secrets.choice(_PUBLIC_ALPHABET) for _ in range(PUBLIC_ID_LENGTH))


def new_key_text(public_id: str) -> str:
    secret = "".join(secrets.choice(_BASE62) for _ in range(SECRET_LENGTH))
    body = f"{PREFIX}_{public_id}_{secret}"
    return body + _checksum(body)


def hash_key_text(text: str) -> HashedSecret:
    return HashedSecret(hashlib.sha256(text.encode()).hexdigest())


def parse_key_text(text: str) -> PresentedKey | None:
    """None when the text cannot be one of our keys; costs no look-up."""
    match = _SHAPE.fullmatch(text)
    if match is None or _checksum(text[:-6]) != match[3]:
        return None
    return PresentedKey(match[1], text)


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode())
    digits = ""
    for _ in range(6):
        value, digit = divmod(value, 62)
        digits = _BASE62[digit] + digits
    return digits
