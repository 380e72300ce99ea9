"""`/deployments/<id>/credentials/…`"""

from django.urls import path

from credentials.views import api_keys, revoking

app_name = "credentials"
urlpatterns = [
    path("", api_keys.index, name="index"),
    path("keys/new/", api_keys.create, name="new"),
    path("keys/revoke/", revoking.revoke_many, name="revoke-many"),
    path("keys/<slug:public_id>/", api_keys.detail, name="key"),
    path("keys/<slug:public_id>/end/", api_keys.end, name="end"),
    path("keys/<slug:public_id>/limit/", api_keys.limit, name="limit"),
    path("keys/<slug:public_id>/networks/", api_keys.networks, name="networks"),
    path("keys/<slug:public_id>/use/", api_keys.narrow_to_use, name="narrow-to-use"),
    path("keys/<slug:public_id>/rotate/", api_keys.rotate, name="rotate"),
    path("keys/<slug:public_id>/end-old/", revoking.end_old, name="end-old"),
    path("keys/<slug:public_id>/revoke/", revoking.revoke, name="revoke"),
]
