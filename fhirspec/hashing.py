"""The 64-bit number of a text: what stores key values and resources by."""

from hashlib import blake2b


def hash64(text: str) -> int:
    """The signed 64-bit BLAKE2b hash of the text in UTF-8."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)
