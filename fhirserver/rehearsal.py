"""A dry run: a request is carried out like any other, and taken back before anybody could see what it did (docs/adr/0010)."""

from fhirserver.connection import WriteConflict
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.batch import Answer
from fhirserver.outcomes import Conflict
from fhirserver.store import Store

INTERACTION = "dry-run"


class _TakenBack(Exception):
    """Ends the transaction without a trace; carries the answer out of it."""

    def __init__(self, response: FhirResponse) -> None:
        super().__init__()
        self.response = response


def rehearse(request: FhirRequest, store: Store, answer: Answer) -> FhirResponse:
    """What `answer` would say, its body whole. Raises FhirError as `answer` does."""
    try:
        with store.atomic():
            response = answer(request, store)
            if not isinstance(response.body, bytes):
                response.body = b"".join(response.body)
            raise _TakenBack(response)
    except _TakenBack as done:
        done.response.interaction = INTERACTION
        return done.response
    except WriteConflict:
        raise Conflict("Other writes kept coming first. Try again.", headers={"Retry-After": "1"}) from None
