from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate

        from portal import plans, registration

        registration.register()
        post_migrate.connect(plans.add_missing, sender=self)
