"""The 64-bit hash that names resources and search keys in a store (docs/adr/0001)."""

from functools import lru_cache
from hashlib import blake2b

SEPARATOR = "\x1f"


def fresh_hash64(*parts: str) -> int:
    """`hash64` for words that come once."""
    digest = blake2b(SEPARATOR.join(parts).encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


@lru_cache(maxsize=65536)
def hash64(*parts: str) -> int:
    """A signed 64-bit number for these words; the same in every process and on every machine."""
    return fresh_hash64(*parts)
