from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "gateway"

    def ready(self) -> None:
        from portal.models import Role
        from portal.navigation import Tab, register_tab

        register_tab(Tab("logs", "Logs", "logs:index", Role.WRITE, 60))
        register_tab(Tab("metrics", "Metrics", "logs:metrics", Role.READ, 70))
