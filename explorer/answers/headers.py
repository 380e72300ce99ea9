"""Response headers with a word on what they mean in FHIR. https://hl7.org/fhir/R4/http.html#Http-Headers"""

from collections.abc import Iterable
from dataclasses import dataclass

_MEANING = {
    "content-type": "The format of the body.",
    "content-length": "Bytes of the body.",
    "etag": "The version of this resource. Send it as If-Match to change exactly this version.",
    "last-modified": "When this version was stored.",
    "location": "Where the new version lives.",
    "content-location": "Where this content lives.",
    "www-authenticate": "How to authenticate: add a credential and try again.",
    "retry-after": "Seconds to wait before the next request.",
    "x-request-id": "The trace id of this request: the deployment's log knows it.",
    "cache-control": "How long this answer may be kept.",
    "vary": "Which request headers change the answer.",
    "x-ratelimit-limit": "Requests allowed in this period.",
    "x-ratelimit-remaining": "Requests left in this period.",
    "x-content-type-options": "Browsers must not guess another format.",
}


@dataclass(frozen=True)
class ExplainedHeader:
    name: str
    value: str
    meaning: str


def explain_headers(headers: Iterable[tuple[str, str]]) -> list[ExplainedHeader]:
    """Every header in the order it came."""
    return [
        ExplainedHeader(
            "-".join(word.capitalize() for word in name.split("-")), value, _MEANING.get(name.lower(), "")
        )
        for name, value in headers
    ]
