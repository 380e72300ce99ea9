"""`/servers/…`: the same explorer for any FHIR server, by its base URL."""

from django.urls import include, path

from explorer.page_urls import pages
from explorer.views import servers

app_name = "explorer"

urlpatterns = [
    path("", servers.index, name="list"),
    path("<slug:server_id>/forget/", servers.forget, name="forget"),
    path("<slug:server_id>/api/", include(pages)),
]
