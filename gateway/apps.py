from django.apps import AppConfig


class GatewayConfig(AppConfig):
    name = "gateway"

    def ready(self) -> None:
        from datetime import timedelta

        from credentials.used_rights import register_source
        from deployments.periodic import Periodic, register_periodic
        from gateway.audit_keeping import keep_events
        from gateway.credential_days import add_up_days
        from gateway.key_use import observe
        from gateway.retention import forget_old_lines
        from gateway.rights import OPENINGS, RIGHTS
        from gateway.usage import roll_up_requests
        from gateway.used_rights import add_up_rights
        from portal.form_pages import FormPage, register_form_pages
        from portal.models import Role
        from portal.navigation import Tab, register_tab
        from portal.rights import register_openings, register_rights

        register_rights(*RIGHTS)
        register_openings(*OPENINGS)
        register_form_pages({"logs:keep-events": FormPage("logs:index", ("deployment_id",))})

        register_source(observe)
        register_tab(Tab("logs", "Logs", "logs:index", Role.WRITE, 60))
        register_tab(Tab("metrics", "Metrics", "logs:metrics", Role.READ, 70))
        register_periodic(Periodic("request log retention", timedelta(hours=1), forget_old_lines))
        register_periodic(Periodic("keep audit events", timedelta(seconds=5), keep_events))
        register_periodic(Periodic("requests of the day", timedelta(minutes=5), roll_up_requests))
        register_periodic(Periodic("credentials of the day", timedelta(minutes=5), add_up_days))
        register_periodic(Periodic("rights of the day", timedelta(minutes=5), add_up_rights))
