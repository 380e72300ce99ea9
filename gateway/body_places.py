"""The body of a request to a page: whoever reads it takes a place (`portal.places`)."""

from typing import Any

from portal.places import places

PAGES = "pages"


class PlacedBody:
    """The body of a page's request: each read takes a place."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        with places.place(PAGES):
            return bytes(self._stream.read(size))

    def readline(self, size: int = -1) -> bytes:
        with places.place(PAGES):
            return bytes(self._stream.readline(size))
