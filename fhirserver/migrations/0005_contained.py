"""Indexed anew: contained resources beside what holds them (docs/adr/0017), places for `near`, composites of three, canonical addresses with
their version, schedules as one span, references by this server's full address, and codes by their element's own system."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from fhirserver.reindex import index_anew


def index(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    index_anew(schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("fhirserver", "0004_keys_by_value")]
    operations = [migrations.RunPython(index, migrations.RunPython.noop)]
