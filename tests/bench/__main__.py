"""`make bench`: one JSON object a workload on standard output, a table at the end. `python -m tests.bench --help`."""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from tests.bench import explorer
from tests.bench.data import OBSERVATIONS_EACH, transactions
from tests.bench.http import Connection, measure
from tests.bench.server import Server, start
from tests.bench.synthea import Life, lives, load_lives
from tests.bench.workloads import Workload, searches_beside, workloads

CLIENTS = (1, 8)


def load(server: Server, patients: range) -> float:
    """Put the patients with their observations into the store; resources a second."""
    connection, began = server.connect(), time.perf_counter()
    for body in transactions(patients):
        status, answer = connection.request("POST", "", body)
        if status != 200:
            raise SystemExit(f"loading failed with {status}: {answer[:500]!r}")
    connection.close()
    return len(patients) * (OBSERVATIONS_EACH + 1) / (time.perf_counter() - began)


def run_workload(
    server: Server,
    workload: Workload,
    seconds: float,
    clients: tuple[int, ...] = CLIENTS,
    connect: Callable[[], Connection] | None = None,
) -> Iterator[dict[str, object]]:
    """A line for each number of clients. CPU times are milliseconds a request."""
    for number, goal in zip(clients, workload.goals, strict=False):
        before = server.cpu()
        measured = measure(connect or server.connect, workload.make, number, seconds)
        after = server.cpu()
        requests = max(1, len(measured.times))
        line = {
            "database": server.database,
            "workload": workload.name,
            "clients": number,
            "per_second": round(measured.rate * workload.each),
            "goal": goal or None,
            "p50_ms": round(measured.percentile(0.5), 2),
            "p99_ms": round(measured.percentile(0.99), 2),
            "cpu_ms": round((after.product - before.product) * 1000 / requests, 3),
            "database_cpu_ms": round((after.database - before.database) * 1000 / requests, 3),
            "resident_mb": round(server.resident_megabytes()),
            "faults": measured.faults,
        }
        print(json.dumps(line), flush=True)
        yield line


# The product's liveness page: what a view that does nothing reaches on this machine, in this run.
TRIVIAL = Workload("trivial view", lambda number: ("GET", "//healthz", b""), (0, 0))


def run(
    database: str, patients: int, seconds: float, only: str, loaded: list[Life]
) -> list[dict[str, object]]:
    server = start(database)
    try:
        lines = list(run_workload(server, TRIVIAL, seconds))
        rate = load(server, range(patients))
        print(json.dumps({"database": database, "workload": "load", "per_second": round(rate)}), flush=True)
        print(
            json.dumps(
                {
                    "database": database,
                    "workload": "words of the load",
                    "seconds": round(server.read_words(), 1),
                }
            ),
            flush=True,
        )
        for workload in workloads(patients):
            if only in workload.name:
                lines += run_workload(server, workload, seconds)
            if only in workload.name and workload.name == "read Patient":
                token = server.new_token()
                bearer = replace(workload, name=f"{workload.name} with a bearer token")
                lines += run_workload(server, bearer, seconds, connect=partial(server.connect_with, token))
        if loaded:
            lines.append(load_lives(server, loaded))
        print(json.dumps({"database": database, "disk_mb": round(server.disk_megabytes())}), flush=True)
        return lines
    finally:
        server.stop()


def growth(database: str, sizes: list[int], seconds: float, only: str) -> list[dict[str, object]]:
    """The median of each read workload as the store grows."""
    server, held = start(database), 0
    lines: list[dict[str, object]] = []
    try:
        for size in sizes:
            load(server, range(held, size))
            server.read_words()
            held = size
            for workload in [*workloads(size), *searches_beside(size)]:
                if not workload.writes and only in workload.name:
                    named = replace(workload, name=f"{workload.name} at {size} patients", goals=(0, 0))
                    lines += run_workload(server, named, seconds, clients=(1,))
        return lines
    finally:
        server.stop()


def table(lines: list[dict[str, object]]) -> None:
    columns = {
        "database": "<12",
        "workload": "<64",
        "clients": ">8",
        "per_second": ">11",
        "goal": ">6",
        "p50_ms": ">9",
        "p99_ms": ">9",
        "cpu_ms": ">8",
        "database_cpu_ms": ">16",
        "resident_mb": ">12",
    }
    print("\n" + "".join(f"{name:{width}}" for name, width in columns.items()))
    for line in lines:
        row = "".join(f"{line[name] or '':{width}}" for name, width in columns.items())
        print(row + (f"  faults: {line['faults']}" if line["faults"] else ""))


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the engine over HTTP.")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=4, help="for each workload and number of clients")
    parser.add_argument("--only", default="", help="workloads whose name holds this text")
    parser.add_argument(
        "--growth", type=int, nargs="+", metavar="PATIENTS", help="sizes, for instance 1000 8000 64000"
    )
    parser.add_argument(
        "--explorer", action="store_true", help="the explorer beside Swagger UI in Chromium, alone"
    )
    options = parser.parse_args()
    if options.explorer:
        explorer.run()
        return
    lines: list[dict[str, object]] = []
    loaded = lives() if not options.growth and options.only in "Synthea bundles" else []
    for database in options.database or ["sqlite", "postgresql"]:
        if options.growth:
            lines += growth(database, options.growth, options.seconds, options.only)
        else:
            lines += run(database, options.patients, options.seconds, options.only, loaded)
    if lines:
        table(lines)


if __name__ == "__main__":
    main()
