from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    name = "credentials"

    def ready(self) -> None:
        from datetime import timedelta

        from credentials.aspects import API_KEYS
        from credentials.expiry_warnings import warn_of_ending_keys
        from credentials.leaving import known_keys
        from credentials.rights import RIGHTS
        from deployments.comparison import register_aspect
        from deployments.periodic import Periodic, register_periodic
        from portal.leaving import register_known
        from portal.models import Role
        from portal.navigation import Tab, register_tab
        from portal.rights import register_rights

        register_rights(*RIGHTS)
        register_known(known_keys)

        register_aspect(API_KEYS)
        register_periodic(Periodic("warn-of-ending-keys", timedelta(hours=1), warn_of_ending_keys))
        register_tab(Tab("credentials", "Credentials", "credentials:index", Role.READ, 20))
