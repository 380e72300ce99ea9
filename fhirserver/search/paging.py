"""Links of a page. A cursor is the last row's place in the order, signed and bound to its query: nothing is kept on the server."""

import base64
import binascii
import hashlib
import hmac
from typing import Any

import msgspec
from django.conf import settings

from fhirserver.outcomes import BadRequest
from fhirserver.search.parse import encoded

_SIGNATURE_BYTES = 12


def _signature(packed: bytes, bound_to: str) -> bytes:
    key = hashlib.blake2b(settings.SECRET_KEY.encode(), person=b"search-cursor").digest()
    return hmac.new(key, packed + bound_to.encode(), "sha256").digest()[:_SIGNATURE_BYTES]


def write_cursor(place: list[Any], bound_to: str) -> str:
    packed = msgspec.msgpack.encode(place)
    return base64.urlsafe_b64encode(_signature(packed, bound_to) + packed).decode().rstrip("=")


def read_cursor(cursor: str, bound_to: str) -> list[Any]:
    """Raises BadRequest for a cursor of another query, or none of this server's."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        signature, packed = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _signature(packed, bound_to)):
            raise BadRequest(
                "_cursor does not belong to this search. Follow the links of a page as they are."
            )
        return list(msgspec.msgpack.decode(packed))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        raise BadRequest("_cursor is not one that this server has given.") from None


def bound_query(query: list[tuple[str, str]], path: str, partition: int) -> str:
    """What a cursor is good for: the same search in the same partition, whatever the page size and format."""
    kept = [
        pair
        for pair in query
        if pair[0] not in ("_cursor", "_count", "_format", "_pretty", "_total", "_summary", "_elements")
    ]
    return f"{partition}|{path}?{encoded(kept)}"


def links(
    address: str, query: list[tuple[str, str]], own: str, beside: dict[str, str]
) -> list[tuple[str, str]]:
    """self, first, and those `beside`: relation (next, prev) to cursor."""

    def url(cursor: str) -> str:
        pairs = [*query, ("_cursor", cursor)] if cursor else query
        return f"{address}?{encoded(pairs)}" if pairs else address

    return [
        ("self", url(own)),
        ("first", url("")),
        *((relation, url(cursor)) for relation, cursor in beside.items()),
    ]
