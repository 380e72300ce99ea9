"""The explorer's pages: the same of a deployment and of a server elsewhere."""

from django.urls import path

from explorer.views import bench, download, editor, exports, kept, reference, requests

# The type of a resource comes last, for its place takes any word.
pages = [
    path("", bench.index, name="index"),
    path("paste/", requests.paste, name="paste"),
    path("history/", requests.history, name="history"),
    path("history/clear/", requests.clear_history, name="clear-history"),
    path("history/<int:sent_id>/", requests.replay, name="replay"),
    path("bundle/", kept.composer, name="composer"),
    path("bundle/add/", kept.collect, name="collect"),
    path("bundle/arrange/", kept.arrange, name="arrange"),
    path("bundle/compose/", kept.compose_bundle, name="compose"),
    path("saved/", kept.saved, name="saved"),
    path("saved/save/", kept.save, name="save"),
    path("saved/<int:saved_id>/", kept.open_saved, name="open-saved"),
    path("saved/<int:saved_id>/delete/", kept.delete_saved, name="delete-saved"),
    path("editor/problems/", editor.problems, name="editor-problems"),
    path("editor/complete/", editor.complete, name="editor-complete"),
    path("openapi.json", exports.openapi, name="openapi"),
    path("postman.json", exports.postman, name="postman"),
    path("find/", reference.find, name="find"),
    path("codes/", reference.codes, name="codes"),
    path("types/<str:name>/", reference.datatype, name="datatype"),
    path("elements/<str:path>/", reference.elements, name="elements"),
    path("download/", download.download, name="download-system", kwargs={"resource_type": ""}),
    path("<str:resource_type>/", bench.resource, name="resource"),
    path("<str:resource_type>/edit/", requests.edit, name="edit"),
    path("<str:resource_type>/versions/", reference.versions, name="versions"),
    path("<str:resource_type>/download/", download.download, name="download"),
]
