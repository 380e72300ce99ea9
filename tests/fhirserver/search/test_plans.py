"""How the databases run a search: every table is entered by more than its partition, whatever the store holds.

A planner knows little of how many rows one partition or one key has; none of these statements may leave it the choice.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from fhirserver import connection
from fhirserver.partitions import Partition
from fhirserver.search import chained, merged, walk
from tests.fhirserver.client import Client


@pytest.fixture
def client(partition: Partition) -> Client:
    """Without look-alikes, whose upkeep runs statements of its own."""
    return Client(partition)


SEARCHES = [
    "Patient?name=anna&_count=20",
    "Patient?name=anna,ben&gender=female&_count=20",
    "Patient?name:contains=nn&_count=20",
    "Patient?_id=1&_revinclude=Observation:patient",
    "Patient?_id=1&_revinclude=*",
    "Observation?_id=1&_include=Observation:subject",
    "Observation?_id=1&_include=*",
    "Observation?patient=1&code=http://loinc.org|8867-4",
    "Observation?code=8867-4&_sort=-date&_count=100",
    "Observation?code=8867-4&_sort=date",
    "Observation?patient.name=anna",
    "Observation?code=8867-4&patient.name=anna",
    "Patient?_has:Observation:patient:code=8867-4",
    "Patient?gender=female&_has:Observation:patient:code=8867-4",
    "Patient?_list=1",
    "Observation?date=ge2020-01-01&patient=1",
    "Observation?value-quantity=gt5|http://unitsofmeasure.org|mg&status=final",
    "Observation?patient:missing=true&date:missing=false&status=final",
    "Patient?_id=1&_lastUpdated=ge2020-01-01",
    "Patient?gender=male,female&_total=accurate",
    "Patient?_text=words&gender=female",
    "Patient?_id=1&_content=words",
    "Observation?patient._content=words",
    "Observation?_lastUpdated=ge2020-01-01",
    "Patient?_sort=family",
    "Patient?_sort=-name",
    "Patient?name=anna&_sort=address",
    "Patient?gender=female&_sort=-birthdate,_id",
    "Observation?_sort=value-quantity",
    "Patient?_sort=gender",
    "Patient?_sort=-gender,family&active=true",
    "Observation?code=8867-4&_sort=status,-date",
    "Observation?_sort=-_lastUpdated",
    "Patient?_contained=true&name=anna",
    "Patient?_contained=both&gender=female&_total=accurate",
    "Patient?_contained=true&_containedType=contained&organization.name=ward",
]


_ENTERED_BELOW = ("Bitmap Heap Scan", "ModifyTable")
# One row a partition, looked at again after a while.
_SMALL = "fhir_definitions"


def _entrances(plan: Any) -> Iterator[str]:
    """The nodes of a plan of PostgreSQL that read a table of the store, with what they enter it by."""
    if isinstance(plan, list):
        for one in plan:
            yield from _entrances(one)
    elif isinstance(plan, dict):
        name = str(plan.get("Relation Name", ""))
        if name.startswith("fhir_") and name != _SMALL and plan["Node Type"] not in _ENTERED_BELOW:
            yield f"{plan['Node Type']} of {plan['Relation Name']} {plan['Alias']} by {plan.get('Index Cond', '')}"
        for value in plan.values():
            yield from _entrances(value)


# What is looked up for each row by its resource (search.sql.rows_of) may not walk along a parameter.
_WHOLE_PARAMETER = re.compile(r" (?:[osh]|fhir_\w+) by \(\(partition = \$\d+\) AND \(param = \$\d+\)\)$")


def _wide_on_postgresql(raw: psycopg.Connection[Any], statement: str) -> list[str]:
    count = statement.count("%s")
    for number in range(1, count + 1):
        statement = statement.replace("%s", f"${number}", 1)
    raw.execute(f"PREPARE looked_at AS {statement}")
    values = f"({', '.join(['NULL'] * count)})" if count else ""
    (plan,) = raw.execute(f"EXPLAIN (FORMAT JSON) EXECUTE looked_at{values}").fetchone() or ("[]",)
    raw.execute("DEALLOCATE looked_at")
    found = _entrances(plan if isinstance(plan, list) else json.loads(plan))
    return [one for one in found if " AND " not in one or _WHOLE_PARAMETER.search(one)]


# A virtual table is always scanned; what follows the colon is by what.
_WHOLE = re.compile(r"SCAN fhir_(?!.* VIRTUAL TABLE INDEX \d+:.)")


def _wide_on_sqlite(raw: sqlite3.Connection, statement: str, values: Any) -> list[str]:
    steps = [row[3] for row in raw.execute(f"EXPLAIN QUERY PLAN {statement.replace('%s', '?')}", values)]
    wide = [one for one in steps if one.endswith("(partition=?)") or _WHOLE.match(one)]
    return [one for one in wide if _SMALL not in one]


@pytest.mark.parametrize("walked", [True, False], ids=["chains walked", "collected"])
@pytest.mark.parametrize("search", SEARCHES, ids=range(len(SEARCHES)))
def test_a_search_never_reads_a_whole_partition(
    client: Client, search: str, walked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.put("Patient/1", {"resourceType": "Patient", "id": "1", "gender": "female"})
    reference = {"reference": "Patient/1"}
    client.put(
        "Observation/1",
        {
            "resourceType": "Observation",
            "id": "1",
            "status": "final",
            "code": {"text": "x"},
            "subject": reference,
        },
    )
    asked: list[tuple[Any, str, Any]] = []
    rows = connection._rows

    def remembered(region: str, raw: Any, statement: str, parameters: Any) -> Any:
        asked.append((raw, statement, parameters))
        return rows(region, raw, statement, parameters)

    monkeypatch.setattr(connection, "_rows", remembered)
    monkeypatch.setattr(walk, "MANY", 0)
    monkeypatch.setattr(chained, "MANY", 0 if walked else 10**9)
    monkeypatch.setattr(merged, "FEW_ROWS", 0)
    assert client.get(search).status == 200

    assert asked
    for raw, statement, values in asked:
        if isinstance(raw, sqlite3.Connection):
            wide = _wide_on_sqlite(raw, statement, values)
        else:
            wide = _wide_on_postgresql(raw, statement)
        assert wide == [], statement
