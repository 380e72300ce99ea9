"""A load of whole lives: the transaction bundles that Synthea makes, with references between their entries."""

import json
import time
from dataclasses import dataclass

from deployments.synthesis import bundles
from tests.bench.server import Server

LIVES = 6
SEED = 1


@dataclass(frozen=True)
class Life:
    """One patient's bundle as it is sent, and how many resources it holds."""

    body: bytes
    resources: int


def lives() -> list[Life]:
    """A second and about 1,900 resources each; the same ones each time."""
    made = bundles(LIVES, SEED)
    return [Life(json.dumps(one).encode(), len(one["entry"])) for one in made]


def load_lives(server: Server, loaded: list[Life]) -> dict[str, object]:
    """Each bundle sent as one transaction, one after the other; a line for the table."""
    connection, times, faults = server.connect(), [], 0
    before = server.cpu()
    for life in loaded:
        began = time.perf_counter()
        status, _ = connection.request("POST", "", life.body)
        times.append(time.perf_counter() - began)
        faults += status != 200
    after = server.cpu()
    connection.close()
    resources = sum(life.resources for life in loaded)
    times.sort()
    line: dict[str, object] = {
        "database": server.database,
        "workload": f"load of {len(loaded)} Synthea bundles, {resources} resources",
        "clients": 1,
        "per_second": round(resources / sum(times)),
        "goal": None,
        "p50_ms": round(times[len(times) // 2] * 1000),
        "p99_ms": round(times[-1] * 1000),
        "cpu_ms": round((after.product - before.product) * 1000 / len(loaded)),
        "database_cpu_ms": round((after.database - before.database) * 1000 / len(loaded)),
        "resident_mb": round(server.resident_megabytes()),
        "faults": {"not 200": faults} if faults else {},
    }
    print(json.dumps(line), flush=True)
    return line
