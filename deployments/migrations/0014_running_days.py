"""Hours are added up by the day: a month of 200 deployments was 150,000 rows to count for each look at a statement."""

from datetime import UTC

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Count, Max
from django.db.models.functions import TruncDate

_TERMS = ("tenant_id", "deployment_id", "name", "size", "high_availability", "price")


def add_up(apps, schema_editor):
    database = schema_editor.connection.alias
    hours = apps.get_model("deployments", "RunningHour").objects.using(database)
    days = apps.get_model("deployments", "RunningDay").objects.using(database)
    sums = (
        hours.order_by()
        .annotate(day=TruncDate("hour", tzinfo=UTC))
        .values(*_TERMS, "day")
        .annotate(hours=Count("pk"), last=Max("hour"))
    )
    days.bulk_create((days.model(**row) for row in sums.iterator()), batch_size=1000)


class Migration(migrations.Migration):
    dependencies = [("deployments", "0013_upstream_facts"), ("portal", "0010_many_rows")]

    operations = [
        migrations.CreateModel(
            name="RunningDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("deployment_id", models.CharField(max_length=12)),
                ("name", models.CharField(max_length=50)),
                ("size", models.CharField(max_length=20)),
                ("high_availability", models.BooleanField(default=False)),
                ("price", models.PositiveIntegerField()),
                ("day", models.DateField()),
                ("hours", models.PositiveSmallIntegerField(default=0)),
                ("last", models.DateTimeField()),
                (
                    "tenant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="portal.tenant"
                    ),
                ),
            ],
            options={
                "ordering": ("day",),
                "indexes": [models.Index(fields=["tenant", "day"], name="running_days_of_tenant")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("deployment_id", "day", "name", "size", "high_availability", "price"),
                        name="one_row_a_day_and_terms",
                    )
                ],
            },
        ),
        migrations.RunPython(add_up),
        migrations.DeleteModel(name="RunningHour"),
    ]
