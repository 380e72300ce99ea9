from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The composition root is an app so that its management commands (run, demo) are found."""

    name = "config"

    def ready(self) -> None:
        from config.showcase import show_demo
        from portal.showcase import register_showcase

        register_showcase(show_demo, first=True)
