"""The whole body of an answer: a safe request is sent again and streamed through, whatever its size."""

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from explorer.bench import Bench
from explorer.building.draft import draft_from_fields
from explorer.foreign import credential_in_use
from explorer.sending import open_answer
from explorer.targets import Target
from explorer.views.loaded import target_view
from portal.client_address import client_address
from portal.outbound import OutboundError


@target_view
@never_cache
@require_GET
def download(request: HttpRequest, deployment: Target, resource_type: str) -> HttpResponseBase:
    """Send the draft in the address again, which must change nothing, and stream its body as a file."""
    bench = Bench(deployment, resource_type)
    draft = draft_from_fields(dict(request.GET.lists()), resource_type, "")
    operation = bench.operation(draft.operation)
    if not operation.safe or operation.body not in ("", "form"):
        raise Http404
    held = credential_in_use(request.session, bench.deployment)
    outgoing = bench.request(draft, operation).with_secret(held.scheme if held else None)
    stack = ExitStack()
    address = client_address(request.META) or "127.0.0.1"
    try:
        answer = stack.enter_context(open_answer(outgoing, held.text if held else "", address))
    except OutboundError as error:
        return HttpResponse(str(error), status=502, content_type="text/plain")
    response = StreamingHttpResponse(
        _stream(answer, stack), status=answer.status_code, content_type=answer.headers.get("content-type")
    )
    name = "-".join(filter(None, (resource_type or "fhir", draft.logical_id, draft.operation.strip("$"))))
    response["Content-Disposition"] = f'attachment; filename="{name}.{draft.format}"'
    return response


def _stream(answer: httpx.Response, stack: ExitStack) -> Iterator[bytes]:
    with stack:
        yield from answer.iter_bytes()
