"""`manage.py backup FILE`: the whole installation in one archive."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backup import BackupRefused, make_backup


class Command(BaseCommand):
    help = "Write control database, region stores, transferred files and generated secrets to one archive. Fireside may run."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the archive to write, for instance /backups/monday.zip")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            manifest = make_backup(file, self.stdout.write)
        except (BackupRefused, OSError) as error:
            raise CommandError(str(error)) from error
        size = file.stat().st_size / 1e6
        self.stdout.write(f"{file}: {len(manifest.databases)} databases, {size:.1f} MB.")
        if any(member == "files/secrets.json" for member in manifest.digests):
            self.stdout.write("It holds this installation's secrets: keep it as safe as the data itself.")
        else:
            self.stdout.write(
                "SECRET_KEY and FIELD_ENCRYPTION_KEYS are not in it: keep them too, apart from it."
            )
