"""The deployments' part of /api/v1/."""

from django.urls import path

from deployments.api import comparing, data, deployments, guides, jobs, offers, settings

app_name = "deployments-api"

one = "deployments/<slug:deployment_id>/"
urlpatterns = [
    path("sizes/", offers.SizeList.as_view(), name="sizes"),
    path("regions/", offers.RegionList.as_view(), name="regions"),
    path("presets/", offers.PresetList.as_view(), name="presets"),
    path("deployments/", deployments.DeploymentList.as_view(), name="deployments"),
    path(one, deployments.DeploymentDetail.as_view(), name="deployment"),
    path(f"{one}start/", deployments.DeploymentStart.as_view(), name="start"),
    path(f"{one}stop/", deployments.DeploymentStop.as_view(), name="stop"),
    path(f"{one}retry/", deployments.DeploymentRetry.as_view(), name="retry"),
    path(f"{one}usage/", deployments.DeploymentUsage.as_view(), name="usage"),
    path(f"{one}jobs/", jobs.JobList.as_view(), name="jobs"),
    path(f"{one}jobs/<int:job_id>/", jobs.JobDetail.as_view(), name="job"),
    path(f"{one}jobs/<int:job_id>/cancel/", jobs.JobCancel.as_view(), name="job-cancel"),
    path(f"{one}jobs/<int:job_id>/files/", data.JobFileList.as_view(), name="job-files"),
    path(f"{one}jobs/<int:job_id>/files/<slug:name>/", data.JobFileContent.as_view(), name="job-file"),
    path(f"{one}presets/", data.PresetLoad.as_view(), name="preset-load"),
    path(f"{one}exports/", data.Export.as_view(), name="exports"),
    path(f"{one}clear/", data.Clear.as_view(), name="clear"),
    path(f"{one}settings/", settings.Settings.as_view(), name="settings"),
    path(f"{one}compare/", comparing.Compare.as_view(), name="compare"),
    path(f"{one}take-over/", comparing.TakeOver.as_view(), name="take-over"),
    path(f"{one}guides/", guides.Guides.as_view(), name="guides"),
    path(f"{one}guides/<str:name>/", guides.GuideDetail.as_view(), name="guide"),
    path(f"{one}reindex/", guides.Reindex.as_view(), name="reindex"),
    path(f"{one}uploads/", jobs.UploadList.as_view(), name="uploads"),
    path(f"{one}uploads/<slug:upload>/", jobs.UploadDetail.as_view(), name="upload"),
    path(f"{one}imports/", jobs.ImportList.as_view(), name="imports"),
]
