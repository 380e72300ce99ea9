"""Answers that are kept with what they tell of (fhirserver/once.py)."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from fhirserver.schema import ANSWER_TABLES, create_answer_statements


def create(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in create_answer_statements(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def drop(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for name in ANSWER_TABLES:
        schema_editor.execute(f"DROP TABLE {name}", params=None)


class Migration(migrations.Migration):
    dependencies = [("fhirserver", "0005_contained")]
    operations = [migrations.RunPython(create, drop)]
