"""Implementation guides of each partition (fhirserver/schema.py)."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from fhirserver.schema import GUIDE_TABLES, create_guide_statements


def create(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in create_guide_statements(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def drop(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for name in GUIDE_TABLES:
        schema_editor.execute(f"DROP TABLE {name}", params=None)


class Migration(migrations.Migration):
    dependencies = [("fhirserver", "0001_store")]
    operations = [migrations.RunPython(create, drop)]
