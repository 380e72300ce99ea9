"""The authorization server's part of /api/v1/."""

from django.urls import path

from smart.api import applications, users

app_name = "smart-api"

one = "deployments/<slug:deployment_id>/"
application = f"{one}applications/<int:application_id>/"
urlpatterns = [
    path(f"{one}applications/", applications.ApplicationList.as_view(), name="applications"),
    path(application, applications.ApplicationDetail.as_view(), name="application"),
    path(f"{application}rotate/", applications.ApplicationRotate.as_view(), name="rotate"),
    path(f"{one}users/", users.ServerUserList.as_view(), name="users"),
    path(f"{one}users/<int:user_id>/", users.ServerUserDetail.as_view(), name="user"),
    path(f"{one}users/<int:user_id>/password-link/", users.ServerUserLink.as_view(), name="password-link"),
]
