from datetime import timedelta

from django.apps import AppConfig


class SmartConfig(AppConfig):
    name = "smart"

    def ready(self) -> None:
        from deployments.comparison import register_aspect
        from deployments.periodic import Periodic, register_periodic
        from portal.form_pages import FormPage, register_form_pages
        from portal.leaving import register_known
        from portal.models import Role
        from portal.navigation import Tab, register_tab
        from portal.rights import register_openings, register_rights
        from smart.aspects import APPLICATIONS, SERVERS
        from smart.housekeeping import forget_ended
        from smart.leaving import known_applications
        from smart.rights import OPENINGS, RIGHTS

        register_rights(*RIGHTS)
        register_openings(*OPENINGS)
        register_form_pages(
            {
                "oauth:server-switch": FormPage("oauth:index", ("deployment_id",)),
                "oauth:user-switch": FormPage("oauth:users", ("deployment_id",)),
                "smart:sign-out": FormPage("smart:apps", ("deployment_id",)),
            }
        )

        register_known(known_applications)
        register_aspect(SERVERS)
        register_aspect(APPLICATIONS)
        register_periodic(Periodic("oauth-housekeeping", timedelta(minutes=5), forget_ended))
        register_tab(Tab("oauth", "OAuth 2.0", "oauth:index", Role.READ, 25))
