from django.apps import AppConfig


class ExplorerConfig(AppConfig):
    """API Development: a tab of each deployment, and the same for servers elsewhere."""

    name = "explorer"

    def ready(self) -> None:
        from explorer.exports.describe import openapi_document
        from explorer.held import receive_token
        from explorer.rights import OPENINGS, RIGHTS
        from explorer.showcase import show_example
        from gateway.documents import offer_document
        from portal.form_pages import FormPage, register_form_pages
        from portal.models import Role
        from portal.navigation import Entry, Tab, register_entry, register_tab
        from portal.rights import register_openings, register_rights
        from portal.showcase import register_showcase
        from smart.trial import register_receiver

        register_rights(*RIGHTS)
        register_openings(*OPENINGS)
        to_server = FormPage("servers:index", ("server_id",))
        names = ("authorize", "use", "forget-credential", "sign-in")
        register_form_pages({f"servers:{name}": to_server for name in names})
        register_form_pages(
            {
                "explorer:delete-saved": FormPage("explorer:saved", ("deployment_id",)),
                "servers:delete-saved": FormPage("servers:saved", ("server_id",)),
            }
        )

        register_showcase(show_example)
        register_entry(Entry("servers", "Other servers", "servers:list", "globe", 25, prefix="/servers/"))
        register_tab(Tab("api", "API Development", "explorer:index", Role.READ, order=30))
        register_receiver(receive_token)
        offer_document("openapi.json", openapi_document)
