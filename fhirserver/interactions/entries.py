"""The entries of a transaction: what each asks for and on which resource, checked before anything is looked up.

https://hl7.org/fhir/R4/http.html#transaction
"""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from fhirserver.characters import require_no_nul
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.batch import entry_request
from fhirserver.outcomes import BadRequest, FhirError, Invalid, Issue
from fhirserver.store import DEFINING, Change, Current, Store, Version, rid_of
from fhirserver.writing import require_type
from fhirspec.catalogue import get_catalogue

LETTERS = {"DELETE": "d", "POST": "c", "PUT": "u", "PATCH": "u"}
_RESTFUL = re.compile(r"(https?://.+)/([A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64})")


@dataclass(slots=True)
class Entry:
    """One entry on its way: what it asks, on which resource, and what became of it."""

    number: int
    request: FhirRequest
    full_url: str
    resource: dict[str, Any] | None
    existing: Version | None = None
    response: FhirResponse | None = None
    current: Current | None = None
    change: Change | None = None
    is_sent: bool = False

    @property
    def path(self) -> str:
        return f"Bundle.entry[{self.number}]"

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def is_write(self) -> bool:
        """Whether it changes one resource by itself. Operations and searches by POST see what all of these have made."""
        return self.method in LETTERS and not is_call(self.request)

    @property
    def address(self) -> str:
        return f"{self.request.resource_type}/{self.request.logical_id}"

    @property
    def rid(self) -> int:
        return rid_of(self.request.resource_type, self.request.logical_id)

    @property
    def may_go_ahead(self) -> bool:
        """Whether it stores a resource under an id that was made for it just now; not what others are validated by."""
        is_new = self.method == "POST" and self.existing is None
        return is_new and self.request.resource_type not in DEFINING

    def place(self) -> tuple[str, str]:
        """The base and the rest (`Type/id`) of a fullUrl that is a server's address; empty for any other."""
        found = _RESTFUL.fullmatch(self.full_url) if self.full_url.startswith("http") else None
        return (found.group(1), found.group(2)) if found else ("", "")


def read_entry(request: FhirRequest, entry: dict[str, Any], number: int) -> Entry:
    path = f"Bundle.entry[{number}]"
    resource = entry.get("resource")
    is_write = isinstance(entry.get("request"), dict) and entry["request"].get("method") in ("POST", "PUT")
    # A resource that is written is read from the Bundle as it stands; a patch goes through its own door.
    asked = entry_request(
        request, {key: value for key, value in entry.items() if not is_write or key != "resource"}, path
    )
    made = Entry(number, asked, str(entry.get("fullUrl", "")), resource if is_write else None)
    with Located(made):
        require_no_nul(asked)
        if made.is_write:
            _address(made)
        elif made.resource is not None and not isinstance(made.resource, dict):
            raise BadRequest(f"{path} has no resource to send.")
    return made


def is_call(asked: FhirRequest) -> bool:
    """Whether a POST goes to an operation or to a search: https://hl7.org/fhir/R4/http.html#transaction"""
    last = asked.path.rpartition("/")[2]
    return asked.method == "POST" and last.startswith(("$", "_search"))


def _address(entry: Entry) -> None:
    """Read the type and id of a write from its url."""
    asked = entry.request
    resource_type, _, logical_id = asked.path.partition("/")
    if resource_type not in get_catalogue().resource_type_set or "/" in logical_id:
        raise BadRequest(f"{asked.path or 'An empty url'} is not an address that can be written to.")
    asked.resource_type, asked.logical_id = resource_type, logical_id
    if asked.method == "POST" and logical_id:
        raise BadRequest(f"POST goes to a type, not to {asked.path}.")
    if asked.method != "POST" and not logical_id and not asked.query:
        raise BadRequest(f"{asked.method} {resource_type} needs an id or a condition.")
    if asked.method in ("POST", "PUT"):
        if not isinstance(entry.resource, dict) or not isinstance(entry.resource.get("resourceType"), str):
            raise BadRequest(f"{entry.path} has no resource to write.")
        require_type(entry.resource, resource_type)


class Located:
    """Says in an error which entry it is about, and where in the Bundle."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> None:
        if isinstance(error, Invalid):
            error.problems = [self._issue(one) for one in error.problems]
        elif isinstance(error, FhirError):
            error.diagnostics = f"{self.entry.path}: {error.diagnostics}"
            error.expression = error.expression or self.entry.path

    def _issue(self, issue: Issue) -> Issue:
        """`Observation.code` of the entry's resource is `Bundle.entry[7].resource.code`; what a patch made is not in the Bundle."""
        place, (_, _, below) = f"{self.entry.path}.resource", issue.expression.partition(".")
        if self.entry.method == "PATCH":
            told = f"{self.entry.path}: after the patch, {issue.expression}: {issue.diagnostics}"
            return Issue(issue.code, told, issue.severity, place)
        return Issue(issue.code, issue.diagnostics, issue.severity, f"{place}.{below}" if below else place)


@dataclass(slots=True)
class Transaction:
    """What a transaction asks, and what has been found out and decided of it so far."""

    request: FhirRequest
    store: Store
    entries: list[Entry]
    # whether looking for conditional references is worth a walk through every resource
    may_refer_by_condition: bool
    addresses: dict[str, str] = field(default_factory=dict)
    # base of a server in a fullUrl: what stands below it, and where that is stored here
    elsewhere: dict[str, dict[str, str]] = field(default_factory=dict)
    currents: dict[int, Current] = field(default_factory=dict)
    # by type, the ids of what this transaction deletes
    gone: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def writes(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.is_write]
