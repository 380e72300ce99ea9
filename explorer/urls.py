"""`/deployments/<id>/api/…`: API Development."""

from django.urls import path

from explorer.views import authorize, bench, download, exports, reference, requests, tour

app_name = "explorer"

urlpatterns = [
    path("", bench.index, name="index"),
    path("authorize/", authorize.authorize, name="authorize"),
    path("authorize/use/", authorize.use, name="use"),
    path("authorize/forget/", authorize.forget, name="forget"),
    path("paste/", requests.paste, name="paste"),
    path("history/", requests.history, name="history"),
    path("history/clear/", requests.clear_history, name="clear-history"),
    path("history/<int:sent_id>/", requests.replay, name="replay"),
    path("tour/", tour.tour, name="tour"),
    path("openapi.json", exports.openapi, name="openapi"),
    path("postman.json", exports.postman, name="postman"),
    path("find/", reference.find, name="find"),
    path("codes/", reference.codes, name="codes"),
    path("types/<str:name>/", reference.datatype, name="datatype"),
    path("elements/<str:path>/", reference.elements, name="elements"),
    path("download/", download.download, name="download-system", kwargs={"resource_type": ""}),
    path("<str:resource_type>/", bench.resource, name="resource"),
    path("<str:resource_type>/versions/", reference.versions, name="versions"),
    path("<str:resource_type>/download/", download.download, name="download"),
]
