"""Full text by type, and a line for each version that is still to be read (docs/adr/0011)."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from fhirserver.schema import pending_text_statements


def create(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in pending_text_statements(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def drop(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for column in ("narrative", "content"):
            schema_editor.execute(f"DROP FUNCTION fhir_text_by_{column}", params=None)


class Migration(migrations.Migration):
    dependencies = [("fhirserver", "0002_guides")]
    operations = [migrations.RunPython(create, drop)]
