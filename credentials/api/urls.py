"""The API keys' part of /api/v1/."""

from django.urls import path

from credentials.api import api_keys

app_name = "credentials-api"

keys = "deployments/<slug:deployment_id>/api-keys/"
urlpatterns = [
    path(keys, api_keys.ApiKeyList.as_view(), name="api-keys"),
    path(f"{keys}revoke/", api_keys.ApiKeyRevokeMany.as_view(), name="revoke-many"),
    path(f"{keys}<slug:public_id>/", api_keys.ApiKeyDetail.as_view(), name="api-key"),
    path(f"{keys}<slug:public_id>/rotate/", api_keys.ApiKeyRotate.as_view(), name="rotate"),
    path(f"{keys}<slug:public_id>/end-old-secrets/", api_keys.ApiKeyEndOld.as_view(), name="end-old-secrets"),
    path(f"{keys}<slug:public_id>/use/", api_keys.ApiKeyUse.as_view(), name="use"),
]
