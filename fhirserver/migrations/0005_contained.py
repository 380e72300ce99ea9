"""Contained resources are indexed beside what holds them (docs/adr/0017), places for `near`, and variants for composites of three."""

from typing import Any

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from fhirserver.reindex import index_anew
from fhirserver.store import Current

_CHANGED_TYPES = ("Location", "MolecularSequence")


def needs_new_rows(one: Current) -> bool:
    return one.content is not None and (one.type in _CHANGED_TYPES or b'"contained"' in one.content)


def index(apps: Any, schema_editor: BaseDatabaseSchemaEditor) -> None:
    index_anew(schema_editor.connection.alias, needs_new_rows)


class Migration(migrations.Migration):
    dependencies = [("fhirserver", "0004_keys_by_value")]
    operations = [migrations.RunPython(index, migrations.RunPython.noop)]
