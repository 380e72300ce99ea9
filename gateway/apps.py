from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "gateway"

    def ready(self) -> None:
        from datetime import timedelta

        from deployments.periodic import Periodic, register_periodic
        from gateway.retention import forget_old_lines
        from portal.models import Role
        from portal.navigation import Tab, register_tab

        register_tab(Tab("logs", "Logs", "logs:index", Role.WRITE, 60))
        register_tab(Tab("metrics", "Metrics", "logs:metrics", Role.READ, 70))
        register_periodic(Periodic("request log retention", timedelta(hours=1), forget_old_lines))
