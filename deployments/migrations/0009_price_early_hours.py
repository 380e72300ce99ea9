"""Hours that were metered before prices were kept cost nothing in the statements: they get the price that held then."""

from django.db import migrations
from django.db.models import Min

# Cents for an hour, without and with high availability, as they were before an operator could change them.
PRICES = {"xs": (4, 10), "s": (11, 27), "m": (29, 70), "l": (74, 175), "xl": (180, 420)}


def price(apps, schema_editor):
    hours = apps.get_model("deployments", "RunningHour").objects.using(schema_editor.connection.alias)
    first = hours.filter(price__gt=0).aggregate(first=Min("hour"))["first"]
    early = hours.filter(price=0)
    if first is not None:
        # An operator may have made a size free since: those hours stay as they are.
        early = early.filter(hour__lt=first)
    for size, (hour, highly_available) in PRICES.items():
        early.filter(size=size, high_availability=False).update(price=hour)
        early.filter(size=size, high_availability=True).update(price=highly_available)


class Migration(migrations.Migration):
    dependencies = [("deployments", "0008_usage_days_and_settled_months")]
    operations = [migrations.RunPython(price, migrations.RunPython.noop)]
