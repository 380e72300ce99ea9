"""`/servers/…`: the same explorer for any FHIR server, by its base URL."""

from django.urls import include, path

from explorer.page_urls import pages
from explorer.views import server_authorize, servers

app_name = "explorer"

urlpatterns = [
    path("", servers.index, name="list"),
    path("callback/", server_authorize.callback, name="callback"),
    path("<slug:server_id>/forget/", servers.forget, name="forget"),
    path("<slug:server_id>/share/", servers.share, name="share"),
    path("<slug:server_id>/authorize/", server_authorize.add, name="authorize"),
    path("<slug:server_id>/authorize/use/", server_authorize.use, name="use"),
    path("<slug:server_id>/authorize/forget/", server_authorize.forget, name="forget-credential"),
    path("<slug:server_id>/authorize/sign-in/", server_authorize.sign_in, name="sign-in"),
    path("<slug:server_id>/api/", include(pages)),
]
