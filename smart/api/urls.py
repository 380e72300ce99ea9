"""The authorization server's part of /api/v1/."""

from django.urls import path

from smart.api import applications, servers, users

app_name = "smart-api"

one = "deployments/<slug:deployment_id>/"
application = f"{one}applications/<int:application_id>/"
server = f"{one}authentication-servers/"
urlpatterns = [
    path(server, servers.ServerList.as_view(), name="servers"),
    path(f"{server}check/", servers.ServerCheck.as_view(), name="server-check"),
    path(f"{server}signing-key/", servers.SigningKeyRotate.as_view(), name="signing-key"),
    path(f"{server}<int:server_id>/", servers.ServerDetail.as_view(), name="server"),
    path(f"{server}<int:server_id>/check/", servers.ServerTokenTest.as_view(), name="server-token-test"),
    path(f"{one}applications/", applications.ApplicationList.as_view(), name="applications"),
    path(application, applications.ApplicationDetail.as_view(), name="application"),
    path(f"{application}rotate/", applications.ApplicationRotate.as_view(), name="rotate"),
    path(f"{application}secrets/<int:secret_id>/", applications.ApplicationSecret.as_view(), name="secret"),
    path(f"{one}users/", users.ServerUserList.as_view(), name="users"),
    path(f"{one}users/<int:user_id>/", users.ServerUserDetail.as_view(), name="user"),
    path(f"{one}users/<int:user_id>/password-link/", users.ServerUserLink.as_view(), name="password-link"),
]
