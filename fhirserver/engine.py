"""From a request to a response: route, authorise, answer, present. The only entrance of the engine.

A missing grant is refused. A write that met another one is tried again, unless the client named the version it expected.
"""

import random
import time
from functools import lru_cache

from fhirserver.access import AccessGrant
from fhirserver.authorise import require
from fhirserver.characters import require_no_nul
from fhirserver.connection import WriteConflict
from fhirserver.content import as_content, form_of_answer, reads_content
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.limits import WRITE_ATTEMPTS
from fhirserver.negotiation import JSON, form_of
from fhirserver.outcomes import Conflict, FhirError, Forbidden, PreconditionFailed
from fhirserver.partitions import Partition
from fhirserver.rehearsal import rehearse
from fhirserver.representation import present
from fhirserver.responses import error_response
from fhirserver.routes import Handler, match
from fhirserver.store import Admit, Store

_FIRST_PAUSE = 0.002


def respond(
    request: FhirRequest, partition: Partition, grant: AccessGrant | None, admit: Admit | None = None
) -> FhirResponse:
    """Answer one request. Every error that is the client's, or the database's, is an OperationOutcome.

    `admit` is asked whether so many new resources may come before they are written; without it any number may.
    """
    is_head = request.method == "HEAD"
    if is_head:
        request.method = "GET"
    form = JSON
    try:
        require_no_nul(request)
        form = form_of_answer(request)
        if grant is None:
            raise Forbidden("There is no access grant: nothing is allowed.")
        if partition.base != request.base_url:
            partition = _at(partition.region, partition.number, request.base_url)
        store = Store(partition, grant, admit=admit)
        response = rehearse(request, store, answer) if request.is_dry_run else answer(request, store)
        if request.method == "POST":
            # The form of a search may say it as well as the address.
            form = form_of(request)
        elif reads_content(request):
            response = as_content(request, response)
    except FhirError as error:
        response = error_response(error)
    present(request, response, form)
    return _without_body(response) if is_head else response


@lru_cache(maxsize=256)
def _at(region: str, number: int, base: str) -> Partition:
    """The partition under another address of its endpoint."""
    return Partition(region, number, base)


def answer(request: FhirRequest, store: Store) -> FhirResponse:
    """The answer before it is presented; also how an entry of a batch is answered. Raises FhirError."""
    route = match(request)
    if route.letter:
        require(store.grant, request.resource_type, route.letter)
    if request.method == "GET":
        response = route.handler(request, store)
    else:
        response = _with_retries(route.handler, request, store)
    response.interaction = route.interaction
    return response


def _with_retries(handler: Handler, request: FhirRequest, store: Store) -> FhirResponse:
    for attempt in range(WRITE_ATTEMPTS):
        try:
            return handler(request, store)
        except WriteConflict:
            if request.header("if-match"):
                raise PreconditionFailed("Another write of this resource came first.") from None
            time.sleep(random.uniform(0, _FIRST_PAUSE * 2**attempt))  # noqa: S311 (no secret)
    raise Conflict(
        "Other writes of this resource kept coming first. Try again.", headers={"Retry-After": "1"}
    )


def _without_body(response: FhirResponse) -> FhirResponse:
    if isinstance(response.body, bytes):
        response.headers["Content-Length"] = str(len(response.body))
    else:
        close = getattr(response.body, "close", None)
        if close is not None:
            close()
    response.body = b""
    return response
