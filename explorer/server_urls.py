"""`/servers/…`: the same explorer for any FHIR server, by its base URL."""

from django.urls import path

from explorer.views import bench, download, editor, reference, requests, servers

app_name = "explorer"

urlpatterns = [
    path("", servers.index, name="list"),
    path("<slug:server_id>/forget/", servers.forget, name="forget"),
    path("<slug:server_id>/api/", bench.index, name="index"),
    path("<slug:server_id>/api/paste/", requests.paste, name="paste"),
    path("<slug:server_id>/api/editor/problems/", editor.problems, name="editor-problems"),
    path("<slug:server_id>/api/editor/complete/", editor.complete, name="editor-complete"),
    path("<slug:server_id>/api/find/", reference.find, name="find"),
    path("<slug:server_id>/api/codes/", reference.codes, name="codes"),
    path("<slug:server_id>/api/types/<str:name>/", reference.datatype, name="datatype"),
    path("<slug:server_id>/api/elements/<str:path>/", reference.elements, name="elements"),
    path(
        "<slug:server_id>/api/download/",
        download.download,
        name="download-system",
        kwargs={"resource_type": ""},
    ),
    path("<slug:server_id>/api/<str:resource_type>/", bench.resource, name="resource"),
    path("<slug:server_id>/api/<str:resource_type>/edit/", requests.edit, name="edit"),
    path("<slug:server_id>/api/<str:resource_type>/versions/", reference.versions, name="versions"),
    path("<slug:server_id>/api/<str:resource_type>/download/", download.download, name="download"),
]
