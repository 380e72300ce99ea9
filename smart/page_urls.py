"""`/deployments/<id>/oauth/…`"""

from django.urls import path

from smart.views.pages import applications, external, overview, trials, users

app_name = "oauth"
urlpatterns = [
    path("", overview.index, name="index"),
    path("server/", overview.settings, name="settings"),
    path("server/rotate-key/", overview.rotate_key, name="rotate-key"),
    path("servers/new/", external.create, name="server-new"),
    path("servers/<int:server_id>/", external.change, name="server"),
    path("servers/<int:server_id>/delete/", external.delete, name="server-delete"),
    path("servers/<int:server_id>/switch/", overview.switch_server, name="server-switch"),
    path("applications/new/", applications.create, name="application-new"),
    path("applications/<int:application_id>/", applications.detail, name="application"),
    path("applications/<int:application_id>/change/", applications.change, name="application-change"),
    path("applications/<int:application_id>/rotate/", applications.rotate, name="application-rotate"),
    path(
        "applications/<int:application_id>/secrets/<int:secret_id>/end/",
        applications.end_secret,
        name="secret-end",
    ),
    path("applications/<int:application_id>/switch/", applications.switch, name="application-switch"),
    path("applications/<int:application_id>/delete/", applications.delete, name="application-delete"),
    path("applications/<int:application_id>/launch/", applications.launch, name="launch"),
    path("applications/<int:application_id>/try/", trials.start, name="try"),
    path("try/", trials.callback, name="try-callback"),
    path("users/", users.index, name="users"),
    path("users/new/", users.create, name="user-new"),
    path("users/<int:user_id>/", users.change, name="user"),
    path("users/<int:user_id>/reset/", users.reset, name="user-reset"),
    path("users/<int:user_id>/switch/", users.switch, name="user-switch"),
]
