import secrets
from datetime import UTC, datetime, timedelta
from itertools import islice
from struct import pack
from zlib import crc32

from django.db import migrations, models

_LINES, _BLOCKS = 160, 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = "id, deployment_id, oldest, newest, marks, moments"


def note_patients(apps, schema_editor):
    """Anew, of the lines that are there: a million lines take seconds. A process of the version before would not note the moments."""
    connection = schema_editor.connection
    lines, blocks = (
        connection.ops.quote_name(apps.get_model("gateway", name)._meta.db_table)
        for name in ("RequestLog", "PatientBlock")
    )
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {blocks}")
        cursor.execute(f"SELECT DISTINCT deployment_id FROM {lines}")
        for (deployment_id,) in cursor.fetchall():
            made = _blocks_of(connection, lines, deployment_id)
            while some := list(islice(made, _BLOCKS)):
                cursor.executemany(f"INSERT INTO {blocks} ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s)", some)


def _blocks_of(connection, lines, deployment_id):
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT time, patient FROM {lines} WHERE deployment_id = %s AND patient <> '' ORDER BY time",
            [deployment_id],
        )
        while named := cursor.fetchmany(_LINES):
            marks = [crc32(patient.encode()) for _, patient in named]
            yield (
                *(secrets.randbits(63), deployment_id, named[0][0], named[-1][0]),
                pack(f">{len(marks)}I", *marks),
                pack(f">{len(marks)}q", *(_moment(time) for time, _ in named)),
            )


def _moment(time):
    """SQLite's are without a time zone."""
    return (time.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


class Migration(migrations.Migration):
    dependencies = [("gateway", "0007_used_rights")]

    operations = [
        migrations.AddField(
            model_name="patientblock", name="moments", field=models.BinaryField(db_default=b"")
        ),
        migrations.RunPython(note_patients, migrations.RunPython.noop),
    ]
