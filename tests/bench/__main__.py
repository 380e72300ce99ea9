"""`make bench`: one JSON object a workload on standard output, a table at the end. `python -m tests.bench --help`."""

import argparse
import json
import time
from collections.abc import Iterator

from tests.bench.data import OBSERVATIONS_EACH, transactions
from tests.bench.http import Measured, measure
from tests.bench.server import Server, start
from tests.bench.workloads import Workload, workloads

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


def report(
    database: str, workload: str, measured: Measured, goal: int | None, each: int = 1
) -> dict[str, object]:
    line = {
        "database": database,
        "workload": workload,
        "clients": measured.clients,
        "per_second": round(measured.rate * each),
        "goal": goal,
        "p50_ms": round(measured.percentile(0.5), 2),
        "p99_ms": round(measured.percentile(0.99), 2),
        "faults": measured.faults,
    }
    print(json.dumps(line), flush=True)
    return line


def trivial(server: Server, database: str, seconds: float) -> Iterator[dict[str, object]]:
    """The product's liveness page: what a view that does nothing reaches on this machine, in this run."""
    for clients in CLIENTS:
        measured = measure(
            lambda: server.connect(), lambda number: ("GET", "//healthz", b""), clients, seconds
        )
        yield report(database, "trivial view", measured, None)


def run(database: str, patients: int, seconds: float, only: str) -> list[dict[str, object]]:
    server = start(database)
    try:
        lines = list(trivial(server, database, seconds))
        rate = load(server, range(patients))
        print(json.dumps({"database": database, "workload": "load", "per_second": round(rate)}), flush=True)
        for workload in workloads(patients):
            if only in workload.name:
                lines += measured_lines(server, database, workload, seconds)
        print(
            json.dumps(
                {
                    "database": database,
                    "resident_mb": round(server.resident_megabytes()),
                    "disk_mb": round(server.disk_megabytes(database)),
                }
            )
        )
        return lines
    finally:
        server.stop()


def measured_lines(
    server: Server, database: str, workload: Workload, seconds: float
) -> Iterator[dict[str, object]]:
    for clients, goal in zip(CLIENTS, workload.goals, strict=True):
        measured = measure(server.connect, workload.make, clients, seconds)
        yield report(database, workload.name, measured, goal, workload.each)


def growth(database: str, sizes: list[int], seconds: float) -> None:
    """The median of each read workload as the store grows."""
    server, held = start(database), 0
    try:
        for size in sizes:
            load(server, range(held, size))
            held = size
            for workload in workloads(size):
                if not workload.writes:
                    measured = measure(server.connect, workload.make, 1, seconds)
                    report(database, f"{workload.name} at {size} patients", measured, None)
    finally:
        server.stop()


def table(lines: list[dict[str, object]]) -> None:
    print(
        f"\n{'database':12}{'workload':48}{'clients':>8}{'per second':>12}{'goal':>8}{'p50 ms':>9}{'p99 ms':>9}"
    )
    for line in lines:
        goal = line["goal"] or ""
        print(
            f"{line['database']:12}{line['workload']:48}{line['clients']:>8}{line['per_second']:>12}{goal:>8}"
            f"{line['p50_ms']:>9}{line['p99_ms']:>9}{'  faults: ' + str(line['faults']) if line['faults'] else ''}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure the engine over HTTP.")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--patients", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=4, help="for each workload and number of clients")
    parser.add_argument("--only", default="", help="workloads whose name holds this text")
    parser.add_argument(
        "--growth", type=int, nargs="+", metavar="PATIENTS", help="sizes, for instance 1000 8000 64000"
    )
    options = parser.parse_args()
    lines = []
    for database in options.database or ["sqlite", "postgresql"]:
        if options.growth:
            growth(database, options.growth, options.seconds)
        else:
            lines += run(database, options.patients, options.seconds, options.only)
    if lines:
        table(lines)


if __name__ == "__main__":
    main()
