"""/deployments/…"""

from django.urls import path

from deployments.views import actions, pages, wizard

app_name = "deployments"
urlpatterns = [
    path("", pages.index, name="list"),
    path("new/", wizard.begin, name="new"),
    path("new/<slug:step>/", wizard.step, name="step"),
    path("<slug:deployment_id>/", pages.overview, name="overview"),
    path("<slug:deployment_id>/settings/", pages.settings_page, name="settings"),
    path("<slug:deployment_id>/start/", actions.start, name="start"),
    path("<slug:deployment_id>/stop/", actions.stop, name="stop"),
    path("<slug:deployment_id>/retry/", actions.retry, name="retry"),
    path("<slug:deployment_id>/service-level/", actions.change_service_level, name="service_level"),
    path("<slug:deployment_id>/size/", actions.change_size, name="size"),
    path("<slug:deployment_id>/delete/", actions.delete, name="delete"),
    path("<slug:deployment_id>/jobs/<int:job_id>/cancel/", actions.cancel_job, name="cancel_job"),
]
