"""`manage.py restore FILE`: an installation as a backup holds it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.backup import BackupRefused, restore_backup
from config.supervisor import RunEnded, only_run


class Command(BaseCommand):
    help = "Put back what a backup holds. Fireside must be stopped; data in the way is kept unless --replace is given."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the archive that `manage.py backup` wrote")
        parser.add_argument("--replace", action="store_true", help="lose the data that is there now")

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        try:
            with only_run(settings.HOME):
                manifest = restore_backup(file, replace=replace, say=self.stdout.write)
        except (BackupRefused, RunEnded, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Restored the backup of {manifest.made} (version {manifest.version}). Start Fireside now."
        )
