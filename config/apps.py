from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root is an app so that its management commands (run, demo) are found."""

    name = "config"
