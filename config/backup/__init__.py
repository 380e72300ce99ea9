"""Backup and restore of an installation: its databases, its files and its generated secrets, in one archive."""

from config.backup.archive import BackupRefused, Manifest
from config.backup.make import make_backup
from config.backup.restore import restore_backup

__all__ = ["BackupRefused", "Manifest", "make_backup", "restore_backup"]
