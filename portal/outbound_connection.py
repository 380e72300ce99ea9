"""Connections of `portal.outbound`: to addresses that were checked before, and with an end that no slow sender can put off."""

import ssl
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpcore
import httpx

_PART = 64 * 1024


class Deadline:
    """A moment of the monotonic clock by which the headers must be there; lifted for the body."""

    def __init__(self, at: float) -> None:
        self._at: float | None = at

    def lift(self) -> None:
        self._at = None

    def cut(self, timeout: float | None) -> float | None:
        """The seconds that one step may take. Raises httpcore.ReadTimeout when none are left."""
        if self._at is None:
            return timeout
        left = self._at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("The deadline is over.")
        return left if timeout is None else min(timeout, left)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.cut(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.cut(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        secured = self._inner.start_tls(ssl_context, server_hostname, self._deadline.cut(timeout))
        return _TimedStream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _PinnedBackend(httpcore.NetworkBackend):
    """Whatever the name of a host resolves to by now, connects to one of these addresses: the first that answers."""

    def __init__(self, addresses: Sequence[str], deadline: Deadline) -> None:
        self._addresses, self._deadline = addresses, deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        for place, address in enumerate(self._addresses, 1):
            try:
                left = self._deadline.cut(timeout)
                inner = self._sockets.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if place == len(self._addresses):
                    raise
            else:
                return _TimedStream(inner, self._deadline)
        raise httpcore.ConnectError("The host has no address.")


class _Body(httpx.SyncByteStream):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        yield from self._inner

    def close(self) -> None:
        self._inner.close()


class _Unpacked(_Body):
    """The body without its gzip, in parts of at most _PART bytes: a few bytes may stand for gigabytes."""

    def __iter__(self) -> Iterator[bytes]:
        unpack = zlib.decompressobj(wbits=31)
        try:
            for packed in self._inner:
                while packed and not unpack.eof:
                    yield unpack.decompress(packed, _PART)
                    packed = unpack.unconsumed_tail
        except zlib.error as error:
            raise httpx.DecodingError("is not valid gzip.") from error


class _Undecodable(_Body):
    def __iter__(self) -> Iterator[bytes]:
        for part in self._inner:
            if part:
                raise httpx.DecodingError("comes in an encoding that was not asked for.")
        yield b""


def _unpacked(headers: httpx.Headers, inner: Any) -> _Body:
    """The body as it was before its encoding, which the headers then name no more."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return _Body(inner)
    del headers["content-encoding"]
    headers.pop("content-length", None)
    return _Unpacked(inner) if encoding in ("gzip", "x-gzip") else _Undecodable(inner)


class _Transport(httpx.BaseTransport):
    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        headers = httpx.Headers(answer.headers)
        return httpx.Response(
            answer.status,
            stream=_unpacked(headers, answer.stream),
            headers=headers,
            extensions=answer.extensions,
        )

    def close(self) -> None:
        self._pool.close()


def connect(addresses: Sequence[str], deadline: Deadline, trusted: ssl.SSLContext) -> httpx.BaseTransport:
    """A transport for one request, to whichever of the addresses answers."""
    backend = _PinnedBackend(addresses, deadline)
    return _Transport(httpcore.ConnectionPool(ssl_context=trusted, network_backend=backend))
