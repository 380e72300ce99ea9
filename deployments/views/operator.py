"""The operator's pages of regions and jobs."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from deployments.jobs import get_kind
from deployments.models import Job, JobState
from deployments.operator_services import (
    cancel_job,
    change_regions,
    list_all_jobs,
    may_retry,
    region_forms,
    retry_job,
)
from deployments.views.outcome import do
from portal.access import operator_view
from portal.models import User

JOBS_A_PAGE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@operator_view
def regions(request: HttpRequest, user: User) -> HttpResponse:
    forms = region_forms(request.POST or None)
    if request.method == "POST" and forms.is_valid():
        change_regions(forms, actor=user)
        messages.success(request, "The regions are saved.")
        return redirect("operator:regions")
    status = 422 if request.method == "POST" else 200
    return render(request, "deployments/operator_regions.html", {"forms": forms}, status=status)


@require_safe
@operator_view
def jobs(request: HttpRequest, user: User) -> HttpResponse:
    state = request.GET.get("state", "")
    page = Paginator(list_all_jobs(state), JOBS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(job, get_kind(job.kind).title, may_retry(job)) for job in page.object_list],
        "states": JobState.values,
        "chosen": state,
    }
    return render(request, "deployments/operator_jobs.html", context)


def _job(job_id: int) -> Job:
    return get_object_or_404(Job.objects.select_related("deployment__tenant"), pk=job_id)


@require_POST
@operator_view
def cancel(request: HttpRequest, user: User, job_id: int) -> HttpResponse:
    job = _job(job_id)
    return do(
        request, lambda: cancel_job(job, actor=user), "The work ends at its next step.", "operator:jobs"
    )


@require_POST
@operator_view
def retry(request: HttpRequest, user: User, job_id: int) -> HttpResponse:
    job = _job(job_id)
    return do(request, lambda: retry_job(job, actor=user), "It is tried again.", "operator:jobs")
