"""Keys that begin with their value, and fewer rows for texts, flags and amounts (docs/adr/0001, 0008): all is indexed anew."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from fhirserver.reindex import index_anew
from fhirserver.schema import quantity_index_statements


def index(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in quantity_index_statements():
        schema_editor.execute(statement, params=None)
    index_anew(schema_editor.connection.alias)


class Migration(migrations.Migration):
    dependencies = [("fhirserver", "0003_full_text")]
    operations = [migrations.RunPython(index, migrations.RunPython.noop)]
