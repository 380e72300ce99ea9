from django.apps import AppConfig


class FhirServerConfig(AppConfig):
    name = "fhirserver"
