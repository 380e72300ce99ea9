"""`/deployments/<id>/credentials/…`"""

from django.urls import path

from credentials.views import api_keys

app_name = "credentials"
urlpatterns = [
    path("", api_keys.index, name="index"),
    path("keys/new/", api_keys.create, name="new"),
    path("keys/<slug:public_id>/", api_keys.detail, name="key"),
    path("keys/<slug:public_id>/limit/", api_keys.limit, name="limit"),
    path("keys/<slug:public_id>/rotate/", api_keys.rotate, name="rotate"),
    path("keys/<slug:public_id>/end-old/", api_keys.end_old, name="end-old"),
    path("keys/<slug:public_id>/revoke/", api_keys.revoke, name="revoke"),
]
