from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    name = "credentials"

    def ready(self) -> None:
        from credentials.aspects import API_KEYS
        from deployments.comparison import register_aspect
        from portal.models import Role
        from portal.navigation import Tab, register_tab

        register_aspect(API_KEYS)
        register_tab(Tab("credentials", "Credentials", "credentials:index", Role.READ, 20))
