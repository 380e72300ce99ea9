"""A load generator that costs little: keep-alive HTTP/1.1 over plain sockets, one connection a client."""

import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


class Connection:
    """One keep-alive connection. Only what a load generator needs: Content-Length and chunked answers."""

    def __init__(self, host: str, port: int, headers: Mapping[str, str]) -> None:
        self._socket = socket.create_connection((host, port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb", buffering=65536)
        lines = {"Host": f"{host}:{port}", "Accept": "application/fhir+json", **headers}
        self._fixed = "".join(f"{name}: {value}\r\n" for name, value in lines.items())

    def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
        self.send(method, path, body)
        return self.answer()

    def send(self, method: str, path: str, body: bytes = b"") -> None:
        head = f"{method} {path} HTTP/1.1\r\n{self._fixed}"
        if body:
            head += f"Content-Type: application/fhir+json\r\nContent-Length: {len(body)}\r\n"
        self._socket.sendall(head.encode() + b"\r\n" + body)

    def answer(self) -> tuple[int, bytes]:
        status = int(self._file.readline().split(b" ", 2)[1])
        length, chunked = 0, False
        while (line := self._file.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            match name.strip().lower():
                case b"content-length":
                    length = int(value)
                case b"transfer-encoding":
                    chunked = b"chunked" in value
        return status, self._chunks() if chunked else self._file.read(length)

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self._file.readline(), 16):
            parts.append(self._file.read(size))
            self._file.readline()
        self._file.readline()
        return b"".join(parts)

    def close(self) -> None:
        self._socket.close()


@dataclass
class Measured:
    """What a run of one workload by some clients took. Times are seconds a request."""

    clients: int
    seconds: float
    times: list[float] = field(default_factory=list)
    faults: dict[int, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    def percentile(self, part: float) -> float:
        """Milliseconds below which `part` of the requests stayed."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * part))] * 1000


Request = tuple[str, str, bytes]


def measure(
    connect: Callable[[], Connection], make: Callable[[int], Request], clients: int, seconds: float
) -> Measured:
    """Send what `make(n)` gives (n counts requests over all clients) from `clients` connections for `seconds`. What a client sends next is made
    while the server has its last request: to make it is no part of what is measured."""
    numbers = iter(range(1 << 62))
    lock = threading.Lock()
    result = Measured(clients, seconds)
    start = threading.Barrier(clients + 1)
    deadline = [0.0]

    def following_number() -> int:
        with lock:
            return next(numbers)

    def client() -> None:
        connection, times = connect(), []
        following = make(following_number())
        start.wait()
        while time.perf_counter() < deadline[0]:
            before = time.perf_counter()
            connection.send(*following)
            following = make(following_number())
            status, _ = connection.answer()
            times.append(time.perf_counter() - before)
            if status >= 400:
                with lock:
                    result.faults[status] = result.faults.get(status, 0) + 1
        connection.close()
        with lock:
            result.times.extend(times)

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    deadline[0] = time.perf_counter() + seconds
    began = time.perf_counter()
    start.wait()
    for thread in threads:
        thread.join()
    result.seconds = time.perf_counter() - began
    return result
