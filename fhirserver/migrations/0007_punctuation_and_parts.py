"""Indexed anew: texts without punctuation and spaces, parts of family names, texts to their end, and canonical addresses by
what their version begins with."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from fhirserver.reindex import index_anew


def index(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    index_anew(schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("fhirserver", "0006_answers")]
    operations = [migrations.RunPython(index, migrations.RunPython.noop)]
