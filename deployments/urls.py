"""/deployments/…"""

from django.urls import path

from deployments.views import actions, comparing, data, guides, pages, upstream, wizard

app_name = "deployments"
urlpatterns = [
    path("", pages.index, name="list"),
    path("new/", wizard.begin, name="new"),
    path("new/<slug:step>/", wizard.step, name="step"),
    path("<slug:deployment_id>/", pages.overview, name="overview"),
    path("<slug:deployment_id>/settings/", pages.settings_page, name="settings"),
    path("<slug:deployment_id>/data/", data.page, name="data"),
    path("<slug:deployment_id>/data/preset/", data.load_preset, name="load_preset"),
    path("<slug:deployment_id>/data/presets/<slug:preset>/", data.preview_preset, name="preset"),
    path("<slug:deployment_id>/data/import/", data.import_file, name="import"),
    path("<slug:deployment_id>/data/uploads/", data.begin_upload, name="uploads"),
    path("<slug:deployment_id>/data/uploads/<slug:upload>/", data.upload_part, name="upload"),
    path("<slug:deployment_id>/data/export/", data.export, name="export"),
    path("<slug:deployment_id>/data/clear/", data.clear, name="clear"),
    path("<slug:deployment_id>/data/<int:job_id>/<str:name>.ndjson", data.file, name="job_file"),
    path("<slug:deployment_id>/compare/", comparing.page, name="compare"),
    path("<slug:deployment_id>/compare/take-over/", comparing.take, name="take_over"),
    path("<slug:deployment_id>/guides/", guides.page, name="guides"),
    path("<slug:deployment_id>/guides/install/", guides.install, name="guides_install"),
    path("<slug:deployment_id>/guides/remove/", guides.remove, name="guides_remove"),
    path("<slug:deployment_id>/guides/index/", guides.index_again, name="guides_index"),
    path("<slug:deployment_id>/guides/writes/", guides.change_writes, name="guides_writes"),
    path("<slug:deployment_id>/start/", actions.start, name="start"),
    path("<slug:deployment_id>/stop/", actions.stop, name="stop"),
    path("<slug:deployment_id>/retry/", actions.retry, name="retry"),
    path("<slug:deployment_id>/service-level/", actions.change_service_level, name="service_level"),
    path("<slug:deployment_id>/access/", actions.change_access, name="access"),
    path("<slug:deployment_id>/limits/", actions.change_limits, name="limits"),
    path("<slug:deployment_id>/size/", actions.change_size, name="size"),
    path("<slug:deployment_id>/upstream/", upstream.upstream, name="upstream"),
    path(
        "<slug:deployment_id>/upstream/credential/",
        actions.change_upstream_credential,
        name="upstream_credential",
    ),
    path("<slug:deployment_id>/delete/", actions.delete, name="delete"),
    path("<slug:deployment_id>/jobs/<int:job_id>/cancel/", actions.cancel_job, name="cancel_job"),
]
