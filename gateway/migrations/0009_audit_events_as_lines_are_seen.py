from django.db import migrations


class Migration(migrations.Migration):
    """Lines become visible in the order of their numbers: there is no need to wait for what a look has not seen."""

    dependencies = [
        ("gateway", "0008_moments_of_patients"),
    ]

    operations = [
        migrations.RemoveField(model_name="auditkeeping", name="seen"),
    ]
