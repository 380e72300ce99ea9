from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from portal import plans, registration
        from portal.rights import OPENINGS, PORTAL, register_openings, register_rights

        registration.register()
        register_rights(*PORTAL)
        register_openings(*OPENINGS)
        post_migrate.connect(plans.add_missing, sender=self)
