"""The tables of a region's store, in the words of each database (docs/adr/0001).

Every table carries its partition first. `rid` is `fhirspec.hashing.hash64("Type/id")`; `rank` is the resource's clinical date in
microseconds since 1970, else its creation time; `updated` is in microseconds. Index tables are clustered by what they are
searched for (SQLite: WITHOUT ROWID; PostgreSQL: the primary key serves index-only scans) and end in `rank, rid`, so that what one
value matches lies in page order.

Full text is written late (docs/adr/0011): a write only leaves a line in `fhir_text_pending`, one for each version, so that writers never
wait there; a search by `_text` or `_content` first brings `fhir_text` up to date for the types that it asks.
"""

from collections.abc import Iterator

INTEGER, BIGINT, SMALLINT, TEXT, BYTES, DOUBLE = "integer", "bigint", "smallint", "text", "bytes", "double"

# table: (columns with types, primary key, secondary indexes, clustered by its primary key)
TABLES: dict[str, tuple[dict[str, str], str, dict[str, str], bool]] = {
    "fhir_partition": (
        {"number": INTEGER, "reserved": BIGINT, "dropped": BIGINT + " NULL"},
        "number",
        {},
        False,
    ),
    "fhir_resource": (
        {
            "partition": INTEGER,
            "version": INTEGER,
            "rid": BIGINT,
            "updated": BIGINT,
            "rank": BIGINT,
            "method": TEXT,
            "type": TEXT,
            "logical_id": TEXT,
            "content": BYTES + " NULL",
            "postings": BYTES,
        },
        "partition, rid",
        {"updated": "partition, type, updated, rid"},
        False,
    ),
    "fhir_history": (
        {
            "partition": INTEGER,
            "version": INTEGER,
            "rid": BIGINT,
            "updated": BIGINT,
            "method": TEXT,
            "type": TEXT,
            "logical_id": TEXT,
            "content": BYTES + " NULL",
        },
        "partition, rid, version",
        {"updated": "partition, type, updated, rid"},
        False,
    ),
    "fhir_posting": (
        {"partition": INTEGER, "key": BIGINT, "rank": BIGINT, "rid": BIGINT},
        "partition, key, rank, rid",
        {},
        True,
    ),
    "fhir_reference": (
        {"partition": INTEGER, "param": INTEGER, "target": BIGINT, "rank": BIGINT, "rid": BIGINT},
        "partition, param, target, rank, rid",
        {"rid": "partition, rid, param"},
        True,
    ),
    "fhir_string": (
        {"partition": INTEGER, "param": INTEGER, "value": TEXT, "rank": BIGINT, "rid": BIGINT},
        "partition, param, value, rank, rid",
        {"rid": "partition, rid, param"},
        True,
    ),
    "fhir_date": (
        {
            "partition": INTEGER,
            "param": INTEGER,
            "low": BIGINT,
            "high": BIGINT,
            "rank": BIGINT,
            "rid": BIGINT,
        },
        "partition, param, low, high, rank, rid",
        {"rid": "partition, rid, param"},
        True,
    ),
    "fhir_quantity": (
        {
            "partition": INTEGER,
            "param": INTEGER,
            "unit": BIGINT,
            "low": DOUBLE,
            "high": DOUBLE,
            "rank": BIGINT,
            "rid": BIGINT,
        },
        "partition, param, unit, low, high, rank, rid",
        {"rid": "partition, rid, param WHERE unit = 0"},
        True,
    ),
    "fhir_text_pending": (
        {"partition": INTEGER, "type": TEXT, "rid": BIGINT, "version": INTEGER},
        "partition, type, rid, version",
        {},
        True,
    ),
}
PARTITIONED_TABLES = (*(name for name in TABLES if name != "fhir_partition"), "fhir_text")
"""What `fhirserver.clearing` empties. Guides stay when data is cleared: they are configuration, not data."""

# `content`: what the engine needs of a guide, as JSON.
# `unready`: the types whose stored resources still lack the rows of new search parameters, each with how far it is, as JSON.
GUIDE_TABLES: dict[str, tuple[dict[str, str], str, dict[str, str], bool]] = {
    "fhir_definitions": (
        {"partition": INTEGER, "version": BIGINT, "writes": TEXT, "unready": TEXT},
        "partition",
        {},
        False,
    ),
    "fhir_guide": (
        {"partition": INTEGER, "name": TEXT, "content": BYTES},
        "partition, name",
        {},
        False,
    ),
}

# Answers that are given again to whoever asks again (fhirserver/once.py), and how far loads are (fhirserver/resuming.py).
ANSWER_TABLES: dict[str, tuple[dict[str, str], str, dict[str, str], bool]] = {
    "fhir_answer": (
        {"partition": INTEGER, "name": TEXT, "status": INTEGER, "body": BYTES},
        "partition, name",
        {},
        False,
    ),
}

_TYPES = {
    "sqlite": {BIGINT: "integer", SMALLINT: "integer", BYTES: "blob", DOUBLE: "real"},
    "postgresql": {TEXT: 'text COLLATE "C"', BYTES: "bytea", DOUBLE: "double precision"},
}

# `scope`, on PostgreSQL a word among the others, is the partition and type of a resource: full text cannot be led by columns.
_FULL_TEXT = {
    "sqlite": [
        "CREATE TABLE fhir_text (document integer PRIMARY KEY, partition integer NOT NULL, rid integer NOT NULL,"
        " UNIQUE (partition, rid))",
        "CREATE VIRTUAL TABLE fhir_text_words USING fts5(scope, narrative, content,"
        " tokenize = 'unicode61 remove_diacritics 2')",
    ],
    "postgresql": [
        "CREATE TABLE fhir_text (partition integer NOT NULL, rid bigint NOT NULL,"
        " narrative tsvector NOT NULL, content tsvector NOT NULL, PRIMARY KEY (partition, rid))",
        "CREATE INDEX fhir_text_narrative ON fhir_text USING gin (narrative)",
        "CREATE INDEX fhir_text_content ON fhir_text USING gin (content)",
    ],
}

# Content up to half a page stays in its row, uncompressed: a read is one page and no decompression.
_TUNING = {
    "sqlite": [],
    "postgresql": [
        "ALTER TABLE fhir_resource SET (toast_tuple_target = 4080)",
        "ALTER TABLE fhir_history SET (toast_tuple_target = 4080)",
    ],
}


def _column(name: str, kind: str, types: dict[str, str]) -> str:
    base, nullable = kind.removesuffix(" NULL"), kind.endswith(" NULL")
    return f"{name} {types.get(base, base)}{'' if nullable else ' NOT NULL'}"


def create_statements(vendor: str) -> Iterator[str]:
    """Every statement that makes an empty store in a database of this vendor (`sqlite` or `postgresql`)."""
    yield from _tables(vendor, TABLES)
    yield from _FULL_TEXT[vendor]
    yield from _TUNING[vendor]


def create_guide_statements(vendor: str) -> Iterator[str]:
    """What implementation guides need besides."""
    yield from _tables(vendor, GUIDE_TABLES)


def create_answer_statements(vendor: str) -> Iterator[str]:
    yield from _tables(vendor, ANSWER_TABLES)


# The connections of the engine allow walks of ordered indexes only (fhirserver/connection.py), and GIN is not one.
_BY_WORDS = """CREATE FUNCTION fhir_text_by_{column}(query tsquery) RETURNS TABLE (partition integer, rid bigint)
    LANGUAGE sql STABLE SET enable_bitmapscan = on SET enable_indexscan = off SET enable_indexonlyscan = off
    AS 'SELECT t.partition, t.rid FROM fhir_text t WHERE t.{column} @@ query'"""


def pending_text_statements(vendor: str) -> Iterator[str]:
    """Full text as a store of the first version gets it: everything that is there is still to be read."""
    yield "DROP TABLE fhir_text_pending"
    yield from _tables(vendor, {"fhir_text_pending": TABLES["fhir_text_pending"]})
    yield (
        "INSERT INTO fhir_text_pending (partition, type, rid, version)"
        " SELECT partition, type, rid, version FROM fhir_resource WHERE method <> 'DELETE'"
    )
    if vendor == "postgresql":
        for column in ("narrative", "content"):
            yield _BY_WORDS.format(column=column)
            # What a search reads one by one before it comes to the index.
            yield f"ALTER INDEX fhir_text_{column} SET (gin_pending_list_limit = 512)"


def quantity_index_statements() -> Iterator[str]:
    """An amount is sorted by as a plain number only: the other rows that it has need no place in that index."""
    yield "DROP INDEX fhir_quantity_rid"
    yield _index("fhir_quantity", "rid", TABLES["fhir_quantity"][2]["rid"])


def _tables(
    vendor: str, tables: dict[str, tuple[dict[str, str], str, dict[str, str], bool]]
) -> Iterator[str]:
    types = _TYPES[vendor]
    for name, (columns, key, indexes, clustered) in tables.items():
        body = ", ".join(_column(column, kind, types) for column, kind in columns.items())
        end = " WITHOUT ROWID" if clustered and vendor == "sqlite" else ""
        yield f"CREATE TABLE {name} ({body}, PRIMARY KEY ({key})){end}"
        for suffix, fields in indexes.items():
            yield _index(name, suffix, fields)


def _index(table: str, suffix: str, fields: str) -> str:
    columns, where, part = fields.partition(" WHERE ")
    return f"CREATE INDEX {table}_{suffix} ON {table} ({columns}){where}{part}"


def drop_statements(vendor: str) -> Iterator[str]:
    for name in (*PARTITIONED_TABLES, "fhir_partition"):
        yield f"DROP TABLE {name}"
    if vendor == "sqlite":
        yield "DROP TABLE fhir_text_words"
