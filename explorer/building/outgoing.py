"""The HTTP request that a draft stands for."""

from dataclasses import dataclass, replace

from explorer.building.criteria import render_query
from explorer.building.draft import Draft
from explorer.building.interactions import Operation
from fhirspec.json import decode
from fhirspec.patch import type_of_patch

MEDIA_TYPES = {"json": "application/fhir+json", "xml": "application/fhir+xml"}
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Secret:
    """How a credential travels. `variable` stands for it in everything that is shown."""

    header: str
    variable: str
    scheme: str = ""

    def value(self, secret: str) -> str:
        return f"{self.scheme} {secret}" if self.scheme else secret


API_KEY = Secret("x-api-key", "FHIR_API_KEY")
BEARER = Secret("Authorization", "FHIR_TOKEN", "Bearer")


@dataclass(frozen=True)
class Outgoing:
    """A request without its secret: `url` is absolute and percent-encoded, `secret` says which header is added.

    `outside`: it leaves for a server elsewhere, not through this product's own door.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""
    secret: Secret | None = API_KEY
    outside: bool = False

    @property
    def line(self) -> str:
        """The request line as people write it: `GET /fhir/…/Patient?gender=male`."""
        return f"{self.method} {self.url}"

    def with_secret(self, secret: Secret | None) -> "Outgoing":
        return replace(self, secret=secret)

    def going_out(self, url: str) -> "Outgoing":
        return replace(self, url=url, outside=True)


def build_request(draft: Draft, operation: Operation, base: str) -> Outgoing:
    """The request for `draft` below `base` (an absolute URL without a trailing slash)."""
    path = (
        operation.path.replace("{type}", draft.resource_type)
        .replace("{id}", draft.logical_id)
        .replace("{vid}", draft.version_id)
    )
    query = render_query(draft.criteria) if operation.criteria else ""
    headers = [("Accept", MEDIA_TYPES[draft.format])]
    headers += [(name, value) for name, value in draft.headers if name in operation.headers]
    body = ""
    if operation.body == "form":
        headers.append(("Content-Type", FORM_TYPE))
        body, query = query, ""
    elif operation.body:
        headers.append(("Content-Type", body_type(draft.body, operation)))
        body = draft.body
    if operation.key == "conditional-create" and query:
        headers.append(("If-None-Exist", query))
        query = ""
    url = f"{base}/{path}".rstrip("/") + (f"?{query}" if query else "")
    return Outgoing(operation.method, url, tuple(headers), body)


def body_type(body: str, operation: Operation) -> str:
    """The media type of a body, told by its first character; that of a patch in JSON by what the JSON is."""
    if body.lstrip()[:1] == "<":
        return MEDIA_TYPES["xml"]
    return _patch_type(body) if operation.body == "patch" else MEDIA_TYPES["json"]


def _patch_type(body: str) -> str:
    try:
        return type_of_patch(decode(body.encode()))
    except ValueError:
        # Shown like this, and never sent: the check of the draft says where it is no JSON.
        return MEDIA_TYPES["json"]
