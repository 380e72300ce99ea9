"""The deployments' part of /api/v1/."""

from django.urls import path

from deployments.api import deployments, jobs

app_name = "deployments-api"

one = "deployments/<slug:deployment_id>/"
urlpatterns = [
    path("deployments/", deployments.DeploymentList.as_view(), name="deployments"),
    path(one, deployments.DeploymentDetail.as_view(), name="deployment"),
    path(f"{one}start/", deployments.DeploymentStart.as_view(), name="start"),
    path(f"{one}stop/", deployments.DeploymentStop.as_view(), name="stop"),
    path(f"{one}retry/", deployments.DeploymentRetry.as_view(), name="retry"),
    path(f"{one}usage/", deployments.DeploymentUsage.as_view(), name="usage"),
    path(f"{one}jobs/", jobs.JobList.as_view(), name="jobs"),
    path(f"{one}jobs/<int:job_id>/", jobs.JobDetail.as_view(), name="job"),
    path(f"{one}jobs/<int:job_id>/cancel/", jobs.JobCancel.as_view(), name="job-cancel"),
    path(f"{one}uploads/", jobs.UploadList.as_view(), name="uploads"),
    path(f"{one}uploads/<slug:upload>/", jobs.UploadDetail.as_view(), name="upload"),
    path(f"{one}imports/", jobs.ImportList.as_view(), name="imports"),
]
