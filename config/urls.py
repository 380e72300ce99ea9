"""The URL table. Each app owns its own paths; this file only says where they hang."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
]
