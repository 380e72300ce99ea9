"""`/operator/…`: what the operator does to regions and jobs."""

from django.urls import path

from deployments.views import operator

app_name = "operator"
urlpatterns = [
    path("regions/", operator.regions, name="regions"),
    path("jobs/", operator.jobs, name="jobs"),
    path("jobs/<int:job_id>/cancel/", operator.cancel, name="job-cancel"),
    path("jobs/<int:job_id>/retry/", operator.retry, name="job-retry"),
]
