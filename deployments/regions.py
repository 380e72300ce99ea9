"""Keeps the table of regions in step with FIRESIDE_REGIONS, after each migration of the control database."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from deployments.models import Region


def _is_highly_available(alias: str) -> bool:
    """A PostgreSQL connection with several hosts, of which the writable one is taken."""
    options = connections[alias].settings_dict
    hosts = str(options.get("HOST") or "")
    return "," in hosts and options.get("OPTIONS", {}).get("target_session_attrs") == "read-write"


def _title(name: str) -> str:
    return name.replace("-", " ").replace("_", " ").capitalize()


def synchronise_regions(**signal: Any) -> None:
    """Add new regions, refresh known ones, and disable those that are no longer configured."""
    if signal.get("using", DEFAULT_DB_ALIAS) != DEFAULT_DB_ALIAS:
        return
    for name, alias in settings.FIRESIDE_REGIONS.items():
        Region.objects.update_or_create(
            name=name,
            defaults={"database": alias, "highly_available": _is_highly_available(alias), "enabled": True},
            create_defaults={
                "database": alias,
                "highly_available": _is_highly_available(alias),
                "title": _title(name),
                "provider": provider_of(alias),
            },
        )
    Region.objects.exclude(name__in=settings.FIRESIDE_REGIONS).update(enabled=False)


def provider_of(alias: str) -> str:
    """SQLite and a database on this machine are "This machine"; another host is named."""
    host = str(connections[alias].settings_dict.get("HOST") or "")
    first = urlsplit(f"//{host.split(',')[0]}").hostname or ""
    return "This machine" if first in ("", "localhost", "127.0.0.1", "::1") else first
