from django.apps import AppConfig


class ExplorerConfig(AppConfig):
    """API Development: a tab of each deployment."""

    name = "explorer"

    def ready(self) -> None:
        from portal.models import Role
        from portal.navigation import Tab, register_tab

        register_tab(Tab("api", "API Development", "explorer:index", Role.READ, order=30))
