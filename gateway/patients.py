"""Whose record a request touches, as far as the request or the one resource of its answer says: for the log and its filter.

A search over many patients names nobody here; the audit event of it holds the query.
"""

import re

from gateway.inbound import MalformedRequest, parse_query

_PATH = re.compile(r"Patient/([A-Za-z0-9\-.]{1,64})(?:/|\Z)")
_ID = re.compile(r"(?:.*/)?([A-Za-z0-9\-.]{1,64})\Z")
# The elements that make a resource part of a patient's record, in JSON.
_ELEMENT = re.compile(
    rb'"(?:subject|patient|beneficiary|for|individual)"\s*:\s*\{[^{}]*?"reference"\s*:\s*'
    rb'"(?:[^"]*/)?Patient/([A-Za-z0-9\-.]{1,64})["/]'
)
_LOOKED_AT = 64 * 1024
SINGLE = frozenset({"read", "vread", "create", "update", "patch"})


def patient_in_resource(body: bytes) -> str:
    """The logical id of the patient that a resource (JSON) is about; empty for none. Cheap: it runs in each read."""
    if b"Patient/" not in body:
        return ""
    found = _ELEMENT.search(body, 0, _LOOKED_AT)
    return found[1].decode() if found else ""


def patient_in_request(path: str, query_string: str) -> str:
    """The patient whom the path (`Patient/1/…`) or a parameter (`patient=1`, `subject=Patient/1`) names."""
    found = _PATH.match(path)
    if found:
        return found[1]
    if path.startswith("Patient") or not query_string:
        return ""
    return patient_in_query(query_string)


def patient_in_query(query_string: str) -> str:
    if "patient" not in query_string and "subject" not in query_string:
        return ""
    try:
        pairs = parse_query(query_string)
    except MalformedRequest:
        return ""
    return next((found for name, value in pairs if (found := _named(name, value))), "")


def _named(name: str, value: str) -> str:
    if name in ("patient", "patient:Patient", "subject:Patient") or (
        name == "subject" and "Patient/" in value
    ):
        found = _ID.match(value)
        return found[1] if found else ""
    return ""
