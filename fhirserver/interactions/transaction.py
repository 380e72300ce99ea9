"""transaction: all entries or none, in FHIR's order, with references between them.

Everything is decided first, then all is written by one statement; what is new in a large one may go ahead (docs/adr/0022): https://hl7.org/fhir/R4/http.html#transaction
"""

from typing import Any

from fhirserver.authorise import letter_to_put, require, require_current
from fhirserver.bundles import bundle
from fhirserver.conditions import matches_of
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.interactions.batch import Answer, read_or_written, response_entry
from fhirserver.interactions.entries import LETTERS, Entry, Located, Transaction, read_entry
from fhirserver.interactions.patch import patched_resource
from fhirserver.interactions.references import conditional_references
from fhirserver.interactions.resolving import resolve_references
from fhirserver.outcomes import BadRequest, Conflict, Gone, NotFound
from fhirserver.responses import deleted_response, json_response, written_response
from fhirserver.store import Current, Store, deletion_of
from fhirserver.writing import (
    check_if_match,
    check_if_none_match,
    new_logical_id,
    prepare,
    require_id,
    require_valid,
    version_of,
)
from fhirspec import json


def transaction(request: FhirRequest, store: Store, found: dict[str, Any], answer: Answer) -> FhirResponse:
    entries = [read_entry(request, entry, number) for number, entry in enumerate(found.get("entry", []))]
    work = Transaction(request, store, entries, b"?" in request.body)
    if any(_needs_searches(work, entry) for entry in entries):
        with store.atomic():
            return _carried_out(work, answer)
    return _carried_out(work, answer)


def _needs_searches(work: Transaction, entry: Entry) -> bool:
    return (
        not entry.is_write
        or bool(entry.request.query)
        or "if-none-exist" in entry.request.headers
        or (
            work.may_refer_by_condition
            and entry.resource is not None
            and next(conditional_references(entry.resource), None) is not None
        )
    )


def _carried_out(work: Transaction, answer: Answer) -> FhirResponse:
    for entry in sorted(work.writes, key=_in_order):
        _identify(work, entry)
    _require_distinct(work)
    work.currents = work.store.get_many_to_change(
        [entry.rid for entry in work.writes if entry.method != "POST"]
    )
    resolve_references(work)
    with work.store.ahead(sum(entry.may_go_ahead for entry in work.writes)) as write_ahead:
        for entry in sorted(work.writes, key=_in_order):
            if entry.response is None:
                with Located(entry):
                    _decide(work, entry)
            if write_ahead is not None and entry.change is not None and entry.may_go_ahead:
                write_ahead(entry.change)
                entry.is_sent = True
        _write(work)
        for entry in sorted((one for one in work.entries if not one.is_write), key=_in_order):
            with Located(entry):
                if entry.resource is not None:
                    entry.request.body = json.encode(entry.resource)
                entry.response = read_or_written(entry.request, work.store, answer)
        answers = [response_entry(entry.response) for entry in work.entries if entry.response is not None]
        return json_response(bundle("transaction-response", answers))


def _in_order(entry: Entry) -> int:
    """https://hl7.org/fhir/R4/http.html#trules: what is deleted is gone for the conditions of all others."""
    return "DELETE POST PUT PATCH GET HEAD".index(entry.method)


def _write(work: Transaction) -> None:
    changed = [(entry, entry.change) for entry in work.entries if entry.change is not None]
    rest = [change for entry, change in changed if not entry.is_sent]
    written = iter(work.store.write(rest) if rest else ())
    for entry, change in changed:
        version = version_of(change if entry.is_sent else next(written))
        if entry.method == "DELETE":
            entry.response = deleted_response(entry.request, [version])
            continue
        is_new = entry.current is None or entry.current.deleted
        entry.response = written_response(entry.request, version, 201 if is_new else 200)
        if "return=" not in entry.request.header("prefer"):
            entry.response.body = b""


def _identify(work: Transaction, entry: Entry) -> None:
    """Find or make the id that the entry writes to, before anything is written."""
    asked, store = entry.request, work.store
    with Located(entry):
        require(store.grant, asked.resource_type, _letter(entry, store, None))
        condition: Any = asked.headers.get("if-none-exist") if asked.method == "POST" else asked.query
        if condition and not asked.logical_id:
            entry.existing = matches_of(store, asked.resource_type, condition, work.gone[asked.resource_type])
        if entry.existing is not None:
            asked.logical_id = entry.existing.logical_id
            if asked.method == "POST":
                entry.response = written_response(asked, entry.existing, 200)
        elif asked.method == "POST":
            asked.logical_id = new_logical_id()
        elif not asked.logical_id:
            _identify_unmatched(entry)
        if asked.method == "DELETE" and asked.logical_id:
            work.gone[asked.resource_type].add(asked.logical_id)
        if asked.method == "PUT" and entry.resource is not None:
            require_id(asked.logical_id)
            _require_same_id(entry, entry.resource)
    if entry.full_url:
        _note_address(work, entry)


def _note_address(work: Transaction, entry: Entry) -> None:
    known = work.addresses.setdefault(entry.full_url, entry.address)
    if known != entry.address:
        raise BadRequest(
            f"{entry.path}: two entries have the fullUrl {entry.full_url}.", f"{entry.path}.fullUrl"
        )
    base, relative = entry.place()
    if base:
        work.elsewhere.setdefault(base, {})[relative] = entry.address


def _identify_unmatched(entry: Entry) -> None:
    """A conditional write whose condition matches nothing."""
    if entry.method == "PATCH":
        raise NotFound(f"The condition matches no {entry.request.resource_type}.")
    if entry.method == "DELETE":
        entry.response = deleted_response(entry.request, [])
    elif entry.resource is not None:
        entry.request.logical_id = entry.resource.get("id") or new_logical_id()


def _require_same_id(entry: Entry, resource: dict[str, Any]) -> None:
    named = resource.get("id")
    is_conditional = bool(entry.request.query)
    if named != entry.request.logical_id and not (is_conditional and not named):
        raise BadRequest(f"The resource's id is {named}, the address says {entry.address}.")


def _require_distinct(work: Transaction) -> None:
    seen: dict[str, int] = {}
    for entry in work.writes:
        if not entry.request.logical_id or (entry.method == "POST" and entry.existing is not None):
            continue
        first = seen.setdefault(entry.address, entry.number)
        if first != entry.number:
            raise BadRequest(
                f"Bundle.entry[{first}] and {entry.path} both write {entry.address}.",
                f"{entry.path}.request.url",
            )


def _decide(work: Transaction, entry: Entry) -> None:
    """Make the entry's change, or its answer where nothing changes; nothing is written yet."""
    asked, store = entry.request, work.store
    current = work.currents.get(entry.rid)
    if current is not None and (current.type, current.logical_id) != (asked.resource_type, asked.logical_id):
        raise Conflict(f"{entry.address} cannot be stored: its number is taken.")
    if current is not None:
        require_current(store, _letter(entry, store, current), current)
    check_if_match(asked.header("if-match"), current)
    if asked.method == "DELETE":
        _decide_deletion(entry, store, current)
        return
    if asked.method == "PATCH":
        resource = _patched(entry, store, current)
    else:
        assert entry.resource is not None  # noqa: S101 (checked when the entry was read)
        resource = entry.resource
        require_valid(resource)
    if asked.method == "PUT":
        check_if_none_match(asked.header("if-none-match"), current)
        require(store.grant, asked.resource_type, _letter(entry, store, current))
        _require_free(entry, current)
    entry.current = current
    entry.change = prepare(store, resource, asked.logical_id, current, asked.method)


def _letter(entry: Entry, store: Store, current: Current | None) -> str:
    if entry.method != "PUT":
        return LETTERS[entry.method]
    return letter_to_put(store.grant, entry.request.resource_type, current is None or current.deleted)


def _require_free(entry: Entry, current: Current | None) -> None:
    is_taken = current is not None and not current.deleted
    if entry.request.query and entry.existing is None and is_taken:
        raise Conflict(f"The condition matches nothing, but {entry.address} exists.")


def _decide_deletion(entry: Entry, store: Store, current: Current | None) -> None:
    if current is None or current.deleted:
        entry.response = deleted_response(entry.request, [])
        return
    entry.change = deletion_of(current)


def _patched(entry: Entry, store: Store, current: Current | None) -> dict[str, Any]:
    if current is None:
        raise NotFound(f"There is no {entry.address}.")
    if current.deleted:
        raise Gone(f"{entry.address} was deleted.")
    return patched_resource(entry.request, json.decode(current.content or b""))
