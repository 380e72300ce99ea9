"""The file that a guide came in is not kept: what the engine needs of it is in `content`, its resources are among the others."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def drop(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        described = connection.introspection.get_table_description(cursor, "fhir_guide")
    # A store that begins with this version never had it: fhirserver/schema.py describes the tables as they are now.
    if any(column.name == "package" for column in described):
        schema_editor.execute("ALTER TABLE fhir_guide DROP COLUMN package")


class Migration(migrations.Migration):
    dependencies = [("fhirserver", "0008_kinds_of_targets")]
    operations = [migrations.RunPython(drop, migrations.RunPython.noop)]
