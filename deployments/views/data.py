"""/deployments/<id>/data/: what is stored, and loading, uploading, exporting and clearing it."""

from collections.abc import Callable, Iterator
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from deployments import data_jobs, data_services, job_files, transfers
from deployments.models import Deployment
from deployments.preset_preview import preview_of
from deployments.presets import PRESETS, get_preset
from deployments.selectors import count_by_type, get_job, get_use, is_taken, list_jobs
from deployments.views.loaded import deployment_view
from deployments.views.outcome import do
from portal.access import signed_in
from portal.forms import TypedNameForm
from portal.models import Role

PART = 256 * 1024
SHOWN_JOBS = 20


def _context(deployment: Deployment, **more: Any) -> dict[str, Any]:
    data_work = list(list_jobs(deployment).filter(kind__in=data_jobs.DATA_KINDS)[:SHOWN_JOBS])
    return {
        "deployment": deployment,
        "use": get_use(deployment),
        "counts": count_by_type(deployment),
        "presets": [preset for preset in PRESETS if preset.code],
        "jobs": data_work,
        "running": [job for job in data_work if job.is_open],
        "clear_form": TypedNameForm(expected=deployment.name, prefix="clear"),
        **more,
    }


@require_safe
@deployment_view(Role.READ)
def page(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    return render(request, "deployments/data.html", _context(deployment))


def _do(
    request: HttpRequest, deployment: Deployment, action: Callable[[], object], done: str
) -> HttpResponse:
    return do(request, action, done, reverse("deployments:data", args=[deployment.pk]))


@require_POST
@deployment_view(Role.WRITE)
def load_preset(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    by, code = signed_in(request), request.POST.get("preset", "")
    done = "The data is being loaded."
    return _do(request, deployment, lambda: data_services.load_preset(deployment, code, by=by), done)


@require_safe
@deployment_view(Role.READ)
def preview_preset(request: HttpRequest, deployment: Deployment, preset: str) -> HttpResponse:
    """What a data set holds, before it is loaded."""
    try:
        chosen = get_preset(preset)
    except KeyError as error:
        raise Http404 from error
    context = {"deployment": deployment, "preset": chosen, "preview": preview_of(chosen)}
    return render(request, "deployments/preset.html", context)


@require_POST
@deployment_view(Role.WRITE)
def import_file(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    """A file in the form, or the name of an upload that came in parts."""
    by, skip = signed_in(request), "skip_invalid" in request.POST
    file, upload = request.FILES.get("file"), request.POST.get("upload", "")

    def action() -> None:
        if file is not None and not isinstance(file, list):
            name = file.name or ""
            data_services.import_chunks(deployment, file.chunks(), name, skip_invalid=skip, by=by)
        else:
            name = request.POST.get("filename", "")
            data_services.import_upload(deployment, upload, name, skip_invalid=skip, by=by)

    return _do(request, deployment, action, "The file is here; every resource is being checked.")


@require_POST
@deployment_view(Role.WRITE)
def begin_upload(request: HttpRequest, deployment: Deployment) -> JsonResponse:
    name = transfers.begin_upload(deployment)
    return JsonResponse({"upload": name, "offset": 0}, status=201)


def _parts(request: HttpRequest) -> Iterator[bytes]:
    while part := request.read(PART):
        yield part


@require_http_methods(["GET", "PATCH"])
@deployment_view(Role.WRITE)
def upload_part(request: HttpRequest, deployment: Deployment, upload: str) -> JsonResponse:
    """GET says how much has come, and whether it is loaded already; PATCH with `Upload-Offset` adds a part, 409 says where the next
    one begins."""
    offset = transfers.received(deployment, upload)
    if offset is None:
        raise Http404
    if request.method == "GET":
        taken = is_taken(deployment, upload)
        return JsonResponse({"upload": upload, "offset": offset, "taken": taken})
    begins = request.headers.get("Upload-Offset", "")
    if not begins.isdigit():
        return JsonResponse({"error": "Upload-Offset is missing."}, status=400)
    try:
        size = transfers.append(deployment, upload, int(begins), _parts(request))
    except transfers.WrongOffset as wrong:
        return JsonResponse({"upload": upload, "offset": wrong.expected}, status=409)
    return JsonResponse({"upload": upload, "offset": size})


@require_POST
@deployment_view(Role.WRITE)
def export(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    by = signed_in(request)
    done = "The export is being written."
    return _do(request, deployment, lambda: data_services.export_data(deployment, by=by), done)


@require_POST
@deployment_view(Role.ADMIN)
def clear(request: HttpRequest, deployment: Deployment) -> HttpResponse:
    """Needs the typed name; a wrong one shows the page again with the error at its place."""
    form = TypedNameForm(request.POST, expected=deployment.name, prefix="clear")
    if not form.is_valid():
        context = _context(deployment, clear_form=form)
        return render(request, "deployments/data.html", context, status=400)
    by, typed = signed_in(request), form.cleaned_data["name"]
    done = "All data is being deleted."
    return _do(request, deployment, lambda: data_services.clear_data(deployment, typed, by=by), done)


@require_safe
@deployment_view(Role.WRITE)
def file(request: HttpRequest, deployment: Deployment, job_id: int, name: str) -> FileResponse:
    """One type of an export, or the errors of an import."""
    path = job_files.path_of(get_job(deployment, job_id), name)
    if path is None:
        raise Http404
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=f"{deployment.pk}-{path.name}",
        content_type=job_files.content_type_of(name),
    )
