"""Requests from elsewhere: pasted ones, and those sent before."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from explorer import definitions
from explorer.answers.decoding import decode_answer
from explorer.bench import Bench
from explorer.building.draft import Draft
from explorer.execution import list_sent, open_draft, prepare
from explorer.foreign import credential_in_use
from explorer.forms import check
from explorer.sending import send
from explorer.targets import Target, target_url
from explorer.views.bench import open_pasted, show_draft
from explorer.views.frame import frame
from explorer.views.loaded import target_view
from portal.access import signed_in
from portal.client_address import client_address
from portal.outbound import OutboundError


@target_view
@never_cache
@require_POST
def paste(request: HttpRequest, deployment: Target) -> HttpResponse:
    """Fill the form from a pasted URL or curl command."""
    return open_pasted(request, Bench(deployment, ""), request.POST.get("request", ""))


@target_view
@never_cache
@require_GET
def history(request: HttpRequest, deployment: Target) -> HttpResponse:
    """The person's own requests, newest first."""
    sent = list_sent(deployment, signed_in(request))[:100]
    drafts = [open_draft(each.sealed) for each in sent]
    lines = [(each, draft.address() if draft else "") for each, draft in zip(sent, drafts, strict=True)]
    return render(request, "explorer/history.html", {**frame(request, deployment), "lines": lines})


@target_view
@never_cache
@require_GET
def replay(request: HttpRequest, deployment: Target, sent_id: int) -> HttpResponse:
    """The form of a request sent before, ready to be sent again."""
    sent = get_object_or_404(list_sent(deployment, signed_in(request)), pk=sent_id)
    draft = open_draft(sent.sealed)
    if draft is None:
        raise Http404
    bench = Bench(deployment, draft.resource_type)
    return show_draft(request, bench, draft) if draft.body else redirect(bench.address(draft))


@target_view
@never_cache
@require_GET
def edit(request: HttpRequest, deployment: Target, resource_type: str) -> HttpResponse:
    """A record of the deployment in the editor: read with the credential in use, to be changed and sent as an update."""
    bench, logical_id = Bench(deployment, resource_type), request.GET.get("id", "")
    if not definitions.is_resource_type(resource_type):
        raise Http404
    held = credential_in_use(request.session, deployment)
    read = Draft("read", resource_type, logical_id, format=bench.format)
    attempt = prepare(bench, read, check(bench, read, bench.operation("read")), held)
    if attempt.blocked:
        raise Http404
    try:
        answer = send(attempt.request, held.text if held else "", client_address(request.META) or "127.0.0.1")
    except OutboundError:
        return redirect(bench.address(read, run=True))
    found = decode_answer(answer)
    if answer.status != 200 or not isinstance(found, dict):
        return redirect(bench.address(read, run=True))
    update = Draft("update", resource_type, logical_id, body=bench.write(found), format=bench.format)
    return show_draft(request, bench, update)


@target_view
@require_POST
def clear_history(request: HttpRequest, deployment: Target) -> HttpResponse:
    list_sent(deployment, signed_in(request)).delete()
    messages.success(request, "Your history here is empty.")
    return redirect(target_url(deployment, "history"))
