"""The HTTP request that a draft stands for."""

from dataclasses import dataclass, replace

from explorer.building.criteria import render_query
from explorer.building.draft import Draft
from explorer.building.interactions import Operation

MEDIA_TYPES = {"json": "application/fhir+json", "xml": "application/fhir+xml"}
PATCH_TYPE = "application/json-patch+json"
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
    """The media type of a body, told by its first character."""
    if operation.body == "patch" and body.lstrip()[:1] == "[":
        return PATCH_TYPE
    return MEDIA_TYPES["xml" if body.lstrip()[:1] == "<" else "json"]
