"""Documents about an endpoint that lie beside its `metadata`, open to anybody. Floors above write and offer them."""

from collections.abc import Callable

from fhirserver.http import FhirResponse

# From a deployment's id, the endpoint's base URL and the query to the answer.
Document = Callable[[str, str, list[tuple[str, str]]], FhirResponse]
_offered: dict[str, Document] = {}


def offer_document(path: str, document: Document) -> None:
    """Serve `document` at `/fhir/<id>/r4/<path>`. Called once, when the applications start."""
    _offered[path] = document


def document_at(path: str) -> Document | None:
    return _offered.get(path)
