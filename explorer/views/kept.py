"""Requests that are kept: the composer of a Bundle, and the saved ones."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from explorer import collecting
from explorer.bench import Bench
from explorer.building.composing import compose
from explorer.building.draft import Draft
from explorer.execution import open_draft
from explorer.targets import Target, target_url
from explorer.views.bench import show_draft
from explorer.views.frame import frame
from explorer.views.loaded import target_view
from portal.access import signed_in


@target_view
@never_cache
@require_GET
def composer(request: HttpRequest, deployment: Target) -> HttpResponse:
    """The requests collected for a Bundle, in their order."""
    context = {
        **frame(request, deployment),
        "collected": collecting.list_collected(request.session, deployment),
        "bench": Bench(deployment, ""),
    }
    return render(request, "explorer/composer.html", context)


@target_view
@require_POST
def collect(request: HttpRequest, deployment: Target) -> HttpResponse:
    """Add the request that the answer panel shows."""
    if not collecting.collect(request.session, deployment, request.POST.get("sealed", "")):
        messages.error(
            request, f"It was not added: a Bundle here has at most {collecting.MOST_COLLECTED} requests."
        )
    return redirect(target_url(deployment, "composer"))


@target_view
@require_POST
def arrange(request: HttpRequest, deployment: Target) -> HttpResponse:
    """Move or take out one request, or all."""
    if "clear" in request.POST:
        collecting.clear_collected(request.session, deployment)
    for name, steps in (("up", -1), ("down", 1), ("remove", 0)):
        if (index := request.POST.get(name, "")).isdecimal():
            collecting.move_collected(request.session, deployment, int(index), steps)
    return redirect(target_url(deployment, "composer"))


@target_view
@never_cache
@require_POST
def compose_bundle(request: HttpRequest, deployment: Target) -> HttpResponse:
    """The Bundle in the editor, ready to be rehearsed or sent."""
    kind = "batch" if request.POST.get("kind") == "batch" else "transaction"
    entries = [each.entry for each in collecting.list_collected(request.session, deployment) if each.entry]
    bench = Bench(deployment, "")
    body = bench.write(compose(kind, entries))
    return show_draft(request, bench, Draft("batch", body=body, format=bench.format))


@target_view
@never_cache
@require_GET
def saved(request: HttpRequest, deployment: Target) -> HttpResponse:
    """One's own saved requests and those of the tenant."""
    user = signed_in(request)
    lines = [(each, open_draft(each.sealed)) for each in collecting.list_saved(deployment, user)]
    context = {**frame(request, deployment), "lines": lines, "me": user}
    return render(request, "explorer/saved.html", context)


@target_view
@require_POST
def save(request: HttpRequest, deployment: Target) -> HttpResponse:
    kept = collecting.save_request(
        deployment,
        signed_in(request),
        request.POST.get("name", ""),
        request.POST.get("sealed", ""),
        shared="shared" in request.POST,
    )
    if kept is None:
        raise Http404
    messages.success(request, f"Saved as “{kept.name}”{', shared with the tenant' if kept.shared else ''}.")
    return redirect(target_url(deployment, "saved"))


@target_view
@never_cache
@require_GET
def open_saved(request: HttpRequest, deployment: Target, saved_id: int) -> HttpResponse:
    """The form of a saved request, ready to be sent."""
    found = get_object_or_404(collecting.list_saved(deployment, signed_in(request)), pk=saved_id)
    draft = open_draft(found.sealed)
    if draft is None:
        raise Http404
    bench = Bench(deployment, draft.resource_type)
    return show_draft(request, bench, draft) if draft.body else redirect(bench.address(draft))


@target_view
@require_POST
def delete_saved(request: HttpRequest, deployment: Target, saved_id: int) -> HttpResponse:
    if not collecting.delete_saved(deployment, signed_in(request), saved_id):
        raise Http404
    messages.success(request, "The saved request is deleted.")
    return redirect(target_url(deployment, "saved"))
