"""What the caller's grant says of one resource, decided on its index rows.

Listing is confined in the search itself (search/rewrite.py); this is for resources that are named: read, history, every write.
"""

from typing import Any
from urllib.parse import parse_qsl

from fhirserver.access import AccessGrant, Permission
from fhirserver.indexing.extract import in_compartment, index_rows, patients_of
from fhirserver.outcomes import Forbidden
from fhirserver.rows import NO_ROWS, IndexRows, unpack
from fhirserver.store import Current, Store, Version, rid_of
from fhirspec import json

COMPARTMENT, RESTRICTION, OTHER_PATIENT = "compartment", "restriction", "other patient"
LETTER_NAMES = {"c": "create", "r": "read", "u": "update", "d": "delete", "s": "search"}


def require(grant: AccessGrant, resource_type: str, letter: str) -> None:
    """Refuse at once what no permission can allow. Raises Forbidden, which names what is missing."""
    if not grant.allows(resource_type, letter):
        raise Forbidden(
            f"This credential may not {LETTER_NAMES[letter]} {resource_type or 'resources of every type'}:"
            f" it lacks {resource_type or '*'}.{letter}.",
            missing=f"{resource_type or '*'}.{letter}",
        )


def letter_to_put(grant: AccessGrant, resource_type: str, is_new: bool) -> str:
    """What an update needs. One that creates is within the update scope, and the create scope is enough for it as well.

    https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#scopes-for-requesting-fhir-resources
    """
    may_only_create = grant.allows(resource_type, "c") and not grant.allows(resource_type, "u")
    return "c" if is_new and may_only_create else "u"


def letter_of_write(
    grant: AccessGrant, resource_type: str, is_new: bool, method: str, rows: IndexRows
) -> str:
    """Which right covers the resource that is written, where either would do."""
    if not is_new or (method == "PUT" and covers(grant, resource_type, "u", rows)):
        return "u"
    return "c"


def require_rows(grant: AccessGrant, resource_type: str, letter: str, rows: IndexRows) -> None:
    """Refuse a resource that lies outside of what the grant is confined to."""
    if grant.is_unconfined(resource_type, letter):
        return
    if not covers(grant, resource_type, letter, rows):
        raise Forbidden(
            f"This {resource_type} lies outside of what this credential may {LETTER_NAMES[letter]}.",
            missing=f"{resource_type}.{letter}",
            check=_failed_check(grant, resource_type, letter, rows),
        )


def _failed_check(grant: AccessGrant, resource_type: str, letter: str, rows: IndexRows) -> str:
    """Why no permission covers these rows, though some allow the interaction on the type."""
    able = grant.for_interaction(resource_type, letter)
    within = any(one.compartment is None or _lies_in(one.compartment, resource_type, rows) for one in able)
    return RESTRICTION if within else COMPARTMENT


def _lies_in(compartment: tuple[str, str], resource_type: str, rows: IndexRows) -> bool:
    return in_compartment(rows, *compartment, resource_type)


def covers(grant: AccessGrant, resource_type: str, letter: str, rows: IndexRows) -> bool:
    permissions = grant.for_interaction(resource_type, letter)
    return any(_permits(permission, resource_type, rows) for permission in permissions)


def _permits(permission: Permission, resource_type: str, rows: IndexRows) -> bool:
    if permission.compartment is not None and not _lies_in(permission.compartment, resource_type, rows):
        return False
    if permission.restriction is None:
        return True
    # The search itself asks this module what a grant covers.
    from fhirserver.search.service import matches

    return matches(rows, resource_type, parse_qsl(permission.restriction, keep_blank_values=True))


def require_no_other_patient(
    store: Store, letter: str, resource: dict[str, Any], rows: IndexRows, current: Current | None
) -> None:
    """Refuse a confined write that would put the resource into a further patient's compartment.

    A resource may lie in several: an Observation of one patient that names another as its performer would show up in the
    other's record, and a Person linked to another would reach it.
    """
    resource_type = resource["resourceType"]
    permissions = store.grant.for_interaction(resource_type, letter)
    able = [one for one in permissions if _permits(one, resource_type, rows)]
    if any(one.compartment is None for one in able):
        return
    own = {one.compartment[1] for one in able if one.compartment and one.compartment[0] == "Patient"}
    base = store.partition.base
    added = patients_of(resource, base) - own
    if added and current is not None and current.content is not None:
        added -= patients_of(json.decode(current.content), base)
    if added:
        raise Forbidden(
            f"This {resource_type} would also lie in the record of another patient: Patient/{min(added)}.",
            missing=f"{resource_type}.{letter}",
            check=OTHER_PATIENT,
        )


def require_current(store: Store, letter: str, current: Current) -> None:
    """Refuse a resource, or what was deleted of it, outside of the grant. Comes before every precondition: a 412 tells of versions."""
    if store.grant.is_unconfined(current.type, letter):
        return
    if not current.deleted:
        require_rows(store.grant, current.type, letter, unpack(current.postings))
    elif not covers_now(store, letter, Version(*current[:7])):
        raise outside(store, letter, Version(*current[:7]))


def outside(store: Store, letter: str, version: Version) -> Forbidden:
    """The refusal of a version that the grant does not cover; of a deletion, by what was deleted."""
    shown = _before_deletion(store, version) if version.deleted else version
    content = shown.content if shown is not None else None
    rows = NO_ROWS if content is None else index_rows(json.decode(content), version.rid, version.updated)
    return Forbidden(
        f"{version.type}/{version.logical_id} lies outside of what this credential may {LETTER_NAMES[letter]}.",
        missing=f"{version.type}.{letter}",
        check=_failed_check(store.grant, version.type, letter, rows),
    )


def _before_deletion(store: Store, version: Version) -> Version | None:
    return store.get_version(version.type, version.logical_id, version.version - 1)


def covers_now(store: Store, letter: str, version: Version) -> bool:
    """Whether the grant covers a current version; of a deletion, whether it covered what was deleted."""
    if version.deleted and not store.grant.is_unconfined(version.type, letter):
        before = _before_deletion(store, version)
        return before is not None and covers_version(store, letter, before)
    return covers_version(store, letter, version)


def covers_version(store: Store, letter: str, version: Version) -> bool:
    """Whether the grant covers a version as it was; a deletion says nothing, so a confined grant does not see it."""
    if store.grant.is_unconfined(version.type, letter):
        return True
    if version.content is None:
        return False
    if letter == "r" and f"{version.type}/{version.logical_id}" == store.grant.own:
        return True
    resource, rid = json.decode(version.content), rid_of(version.type, version.logical_id)
    rows = index_rows(resource, rid, version.updated, base=store.partition.base)
    if covers(store.grant, version.type, letter, rows) or store.record.reaches(version.type, letter, rid):
        return True
    return version.type == "Binary" and letter == "r" and _covers_context(store, version, resource)


def _covers_context(store: Store, version: Version, binary: dict[str, Any]) -> bool:
    """Whether a Binary may be read because what its securityContext names may be: https://hl7.org/fhir/R4/binary.html

    What came into being only after the Binary does not count: otherwise whoever knows of a context that nobody has stored could store
    one of that name, and read.
    """
    named = binary.get("securityContext", {}).get("reference", "").removeprefix(f"{store.partition.base}/")
    context_type, _, logical_id = named.partition("/")
    able = store.grant.for_interaction("Binary", "r")
    if context_type == "Binary" or not any(one.restriction is None for one in able):
        return False
    context = store.get(context_type, logical_id)
    first = store.get_version(context_type, logical_id, 1)
    if context is None or context.deleted or first is None or first.updated > version.updated:
        return False
    return store.grant.allows(context_type, "r") and covers_version(store, "r", context)
