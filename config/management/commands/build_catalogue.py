"""Build the FHIR R4 catalogue; returns at once when it is there already."""

from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from fhirspec.build import build


class Command(BaseCommand):
    help = "Build the catalogue of FHIR R4 definitions from its package."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        started = monotonic()
        if build(settings.CATALOGUE_DIR) and options["verbosity"]:
            self.stdout.write(f"Built the FHIR R4 catalogue in {monotonic() - started:.1f} s")
