from django.apps import AppConfig


class ExplorerConfig(AppConfig):
    """API Development: a tab of each deployment."""

    name = "explorer"

    def ready(self) -> None:
        from explorer.exports.describe import openapi_document
        from explorer.held import receive_token
        from explorer.showcase import show_example
        from gateway.documents import offer_document
        from portal.models import Role
        from portal.navigation import Tab, register_tab
        from portal.showcase import register_showcase
        from smart.trial import register_receiver

        register_showcase(show_example)
        register_tab(Tab("api", "API Development", "explorer:index", Role.READ, order=30))
        register_receiver(receive_token)
        offer_document("openapi.json", openapi_document)
