"""Indexed anew: the type that an address on another server names, canonical references by id, kinds of mime types, and parameters whose
paths name no type."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from fhirserver.reindex import index_anew


def index(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    index_anew(schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("fhirserver", "0007_punctuation_and_parts")]
    operations = [migrations.RunPython(index, migrations.RunPython.noop)]
