"""`manage.py demo`: make the demonstration's user, tenant, deployment and key, and write demo.json."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo import demo_file, ensure_demo, publish_demo


class Command(BaseCommand):
    help = (
        "Make the demo tenant and its deployment; a running worker provisions it. Development settings only."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEVELOPMENT:
            raise CommandError(
                "The demo has a known password: it is made with the development settings only."
            )
        demo = ensure_demo()
        publish_demo()
        self.stdout.write(f"Deployment {demo.deployment}; the sign-in and the API key are in {demo_file()}")
