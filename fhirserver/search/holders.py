"""From contained matches to the resources that hold them, each once, in SQL."""

from fhirserver.connection import looked_up
from fhirserver.indexing.contained import HELD_BY
from fhirserver.partitions import Partition
from fhirserver.search.sql import Sql, join

_HELD_BY = f"f.partition = %s AND f.param = {HELD_BY:d}"


def holders_of(partition: Partition, within: Sql, own: Sql | None) -> Sql:
    """`FROM … m WHERE …` of the holders of `within`, and of what `own` finds beside them; both begin with FROM."""
    source, tests = f"(SELECT m.rid {within.text}) d", f"{_HELD_BY} AND f.rid = d.rid"
    text = looked_up(partition.region, source, "fhir_reference", "rank, target", tests)
    found = Sql(f"SELECT f.rank, f.target AS rid {text}", (*within.values, partition.number))
    if own is not None:
        found = join(" UNION ", [found, Sql(f"SELECT m.rank, m.rid {own.text}", own.values)])
    return Sql(f"FROM (SELECT DISTINCT rank, rid FROM ({found.text}) u) m WHERE 1 = 1", found.values)


def ranked(partition: Partition, rids: str, within: bool) -> str:
    """`FROM …` with the rank of each of these rids, alias `f`. A contained resource is no row among the resources; its rank stands where
    it says who holds it."""
    table, tests = ("fhir_reference", _HELD_BY) if within else ("fhir_resource", "f.partition = %s")
    return looked_up(partition.region, f"({rids}) d", table, "rank, rid", f"{tests} AND f.rid = d.rid")


def with_holder(partition: Partition, found: Sql) -> Sql:
    """A source: these rows of contained resources, and beside them `holder`."""
    tests = f"{_HELD_BY} AND f.rid = q.rid"
    holders = looked_up(partition.region, f"({found.text}) q", "fhir_reference", "target", tests)
    return Sql(f"(SELECT q.*, f.target AS holder {holders})", (*found.values, partition.number))
