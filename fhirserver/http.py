"""A FHIR request and response, free of any web framework.

https://hl7.org/fhir/R4/http.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class FhirRequest:
    """One request to a FHIR endpoint.

    `path` is what follows the base, without leading slash (`Patient/1/_history`). `query` and header values are decoded;
    header names are lower case. `base_url` has no trailing slash. The fields from `resource_type` to `compartment_type`
    are set by the router. `is_dry_run`: whatever it writes is taken back. `oauth_uris`: what `metadata` names of the authorization server
    before this endpoint, (`authorize`, its URL) and so on; empty where there is none.
    """

    method: str
    path: str
    query: list[tuple[str, str]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base_url: str = ""
    resource_type: str = ""
    logical_id: str = ""
    version_id: str = ""
    operation: str = ""
    compartment_type: str = ""
    is_dry_run: bool = False
    oauth_uris: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def parameter(self, name: str) -> str | None:
        """The first value of a query parameter."""
        return next((value for key, value in self.query if key == name), None)


@dataclass(slots=True)
class FhirResponse:
    """Status, headers and body: bytes, or an iterator of bytes that is streamed as it is made.

    `interaction` is the FHIR code of what was done (`read`, `search-type`, …), for logs; empty when no route matched.
    `missing`, of a refusal: the permission that was lacking (`Observation.c`), and `check` what failed (outcomes.Forbidden).
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Iterator[bytes] = b""
    interaction: str = ""
    missing: str = ""
    check: str = ""
