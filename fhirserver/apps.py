from django.apps import AppConfig


class FhirServerConfig(AppConfig):
    name = "fhirserver"

    def ready(self) -> None:
        from django.conf import settings

        from fhirspec.catalogue import configure

        configure(settings.CATALOGUE_DIR)
