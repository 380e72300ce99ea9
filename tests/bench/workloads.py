"""The workloads, each a function from a request's number to (method, path, body), with the rates to reach."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.bench.data import CODES, FAMILIES, bundle, observation, patient
from tests.bench.http import Request

Make = Callable[[int], Request]


@dataclass(frozen=True)
class Workload:
    """`goals`: requests (or `unit`s) a second to reach with one and with eight clients. `each`: units a request."""

    name: str
    make: Make
    goals: tuple[int, int]
    each: int = 1
    writes: bool = False


def _create(number: int) -> Request:
    body = {key: value for key, value in patient(number).items() if key != "id"}
    return "POST", "/Patient", json.dumps(body).encode()


def _transaction(number: int) -> Request:
    entries = []
    for position in range(100):
        body = patient(number) if position == 0 else observation(number, position)
        body = {key: value for key, value in body.items() if key != "id"}
        entries.append({"resource": body, "request": {"method": "POST", "url": body["resourceType"]}})
    return "POST", "", bundle(entries)


def workloads(patients: int) -> list[Workload]:
    """All workloads over a store that holds patients 0 up to `patients`."""

    def pick(number: int) -> int:
        return random.Random(number).randrange(patients)

    def update(number: int) -> Request:
        chosen = pick(number)
        changed = {**patient(chosen), "multipleBirthInteger": number % 5}
        return "PUT", f"/Patient/bench-{chosen}", json.dumps(changed).encode()

    def code(number: int) -> str:
        return f"http://loinc.org|{CODES[number % len(CODES)][0]}"

    def family(number: int) -> str:
        return f"{FAMILIES[number % len(FAMILIES)]}{number % 50}"

    def get(path: Callable[[int], str]) -> Make:
        return lambda number: ("GET", path(number), b"")

    return [
        Workload("create Patient", _create, (900, 1200), writes=True),
        Workload("update Patient", update, (800, 1100), writes=True),
        Workload("read Patient", get(lambda n: f"/Patient/bench-{pick(n)}"), (2400, 5000)),
        Workload("Patient?name=", get(lambda n: f"/Patient?name={family(n)}&_count=20"), (1200, 1800)),
        Workload(
            "Observation?patient=&code=",
            get(lambda n: f"/Observation?patient=bench-{pick(n)}&code={code(n)}"),
            (1500, 2300),
        ),
        Workload(
            "Observation?patient=&_sort=-date",
            get(lambda n: f"/Observation?patient=bench-{pick(n)}&_sort=-date"),
            (1200, 1800),
        ),
        Workload(
            "Observation?code=&_sort=-date&_count=100",
            get(lambda n: f"/Observation?code={code(n)}&_sort=-date&_count=100"),
            (600, 900),
        ),
        Workload(
            "Patient?_id=&_revinclude=Observation:patient",
            get(lambda n: f"/Patient?_id=bench-{pick(n)}&_revinclude=Observation:patient"),
            (900, 1400),
        ),
        Workload("Patient/x/$everything", get(lambda n: f"/Patient/bench-{pick(n)}/$everything"), (600, 900)),
        Workload("transaction of 100", _transaction, (3000, 4000), each=100, writes=True),
    ]


def searches_beside(patients: int) -> list[Workload]:
    """Searches without a goal of their own whose time must not grow with the store."""

    def get(name: str, path: Callable[[int], str]) -> Workload:
        return Workload(name, lambda number: ("GET", path(number), b""), (0, 0))

    def patient_of(number: int) -> str:
        return f"bench-{random.Random(number).randrange(patients)}"

    return [
        get("Patient?birthdate=ge&_count=20", lambda n: f"/Patient?birthdate=ge{1930 + n % 80}&_count=20"),
        get("Observation?date=ge&_count=20", lambda n: f"/Observation?date=ge{2010 + n % 15}&_count=20"),
        get(
            "Patient?name=,&_count=20",
            lambda n: f"/Patient?name=Anna,{FAMILIES[n % len(FAMILIES)]}&_count=20",
        ),
        get("Patient?name:contains=&_count=20", lambda n: f"/Patient?name:contains=hl{n % 50}&_count=20"),
        get("Patient?_sort=family&_count=20", lambda n: "/Patient?_sort=family&gender=male&_count=20"),
        get(
            "Observation?patient.identifier=",
            lambda n: f"/Observation?patient.identifier=MRN{n % patients:06d}",
        ),
        get("?_type=Patient,Observation&_count=20", lambda n: "?_type=Patient,Observation&_count=20"),
        get(
            "Observation?patient=&_include=Observation:patient",
            lambda n: f"/Observation?patient={patient_of(n)}&_include=Observation:patient",
        ),
    ]
