import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def move_credentials(apps, schema_editor):
    """The one credential of each server becomes the first of its owner's."""
    names = {"bearer": "Bearer token", "basic": "User name and password", "header": "API key"}
    credential = apps.get_model("explorer", "ServerCredential")
    for server in apps.get_model("explorer", "ForeignServer").objects.exclude(sealed=""):
        credential.objects.create(
            server=server,
            user_id=server.user_id,
            name=names.get(server.scheme, "Credential"),
            scheme=server.scheme,
            header=server.header,
            sealed=server.sealed,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("explorer", "0005_requests_elsewhere"),
        ("portal", "0009_feature_switches"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="foreignserver",
            name="shared_with",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="portal.tenant",
            ),
        ),
        migrations.CreateModel(
            name="ServerCredential",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                (
                    "scheme",
                    models.CharField(
                        choices=[
                            ("none", "No authorization"),
                            ("bearer", "Bearer token"),
                            ("basic", "User name and password (basic)"),
                            ("header", "API key in a header"),
                            ("client", "OAuth 2.0 client credentials"),
                        ],
                        max_length=6,
                    ),
                ),
                ("header", models.CharField(blank=True, max_length=60)),
                ("sealed", models.TextField()),
                ("client", models.TextField(blank=True)),
                ("scope", models.CharField(blank=True, max_length=2000)),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("expires", models.DateTimeField(null=True)),
                ("active", models.BooleanField(default=True)),
                (
                    "server",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="credentials",
                        to="explorer.foreignserver",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={"ordering": ("pk",)},
        ),
        migrations.RunPython(move_credentials, migrations.RunPython.noop),
        migrations.RemoveField(model_name="foreignserver", name="scheme"),
        migrations.RemoveField(model_name="foreignserver", name="header"),
        migrations.RemoveField(model_name="foreignserver", name="sealed"),
    ]
