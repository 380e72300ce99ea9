"""`/deployments/<id>/data/records/…`"""

from django.urls import path

from explorer.views import records

app_name = "records"
urlpatterns = [
    path("<str:resource_type>/", records.list_records, name="type"),
    path("<str:resource_type>/<str:logical_id>/", records.show_record, name="record"),
]
