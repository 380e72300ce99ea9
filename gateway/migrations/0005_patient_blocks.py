import secrets
from itertools import islice
from zlib import crc32

import django.db.models.deletion
from django.db import migrations, models

_LINES, _BLOCKS = 400, 500


def note_patients(apps, schema_editor):
    """Of the lines that are there, in the order in which they are found. Times go over as the database writes them: a million lines take seconds."""
    connection = schema_editor.connection
    lines, blocks = (
        connection.ops.quote_name(apps.get_model("gateway", name)._meta.db_table)
        for name in ("RequestLog", "PatientBlock")
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT deployment_id FROM {lines}")
        for (deployment_id,) in cursor.fetchall():
            made = _blocks_of(connection, lines, deployment_id)
            while some := list(islice(made, _BLOCKS)):
                cursor.executemany(
                    f"INSERT INTO {blocks} (id, deployment_id, oldest, newest, marks) VALUES (%s, %s, %s, %s, %s)",
                    some,
                )


def _blocks_of(connection, lines, deployment_id):
    times, marks = [], bytearray()
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT time, patient FROM {lines} WHERE deployment_id = %s ORDER BY time", [deployment_id]
        )
        for number, (time, patient) in enumerate(_rows(cursor), 1):
            if patient:
                times.append(time)
                marks += crc32(patient.encode()).to_bytes(4, "big")
            if times and (number % 1000 == 0 or len(times) == _LINES):
                yield secrets.randbits(63), deployment_id, times[0], times[-1], bytes(marks)
                times, marks = [], bytearray()
    if times:
        yield secrets.randbits(63), deployment_id, times[0], times[-1], bytes(marks)


def _rows(cursor):
    while rows := cursor.fetchmany(2000):
        yield from rows


class Migration(migrations.Migration):
    dependencies = [
        ("deployments", "0013_upstream_facts"),
        ("gateway", "0004_hours"),
    ]

    operations = [
        migrations.CreateModel(
            name="PatientBlock",
            fields=[
                ("id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("oldest", models.DateTimeField()),
                ("newest", models.DateTimeField()),
                ("marks", models.BinaryField()),
                (
                    "deployment",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="deployments.deployment",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["deployment", "-newest"], name="blocks_of_deployment")],
            },
        ),
        migrations.RunPython(note_patients, migrations.RunPython.noop),
        migrations.RemoveIndex(model_name="requestlog", name="log_by_trace"),
        migrations.RemoveIndex(model_name="requestlog", name="log_retention"),
        migrations.RemoveIndex(model_name="requestlog", name="log_of_patient"),
    ]
