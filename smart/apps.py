from django.apps import AppConfig


class SmartConfig(AppConfig):
    name = "smart"

    def ready(self) -> None:
        from portal.models import Role
        from portal.navigation import Tab, register_tab

        register_tab(Tab("oauth", "OAuth 2.0", "oauth:index", Role.READ, 25))
