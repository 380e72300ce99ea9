from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    name = "credentials"

    def ready(self) -> None:
        from portal.models import Role
        from portal.navigation import Tab, register_tab

        register_tab(Tab("credentials", "Credentials", "credentials:index", Role.READ, 20))
