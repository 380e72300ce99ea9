"""Connecting an existing FHIR server: its base URL, and what it says of itself."""

import json
import time
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils import timezone

from deployments.models import Deployment
from deployments.upstream_credentials import CredentialFault, header_of
from fhirspec.xml import from_xml
from portal.features import CONNECTED_SERVERS, is_on
from portal.outbound import OutboundError, check_address, fetch

LARGEST_STATEMENT = 20_000_000
_CHECK_SECONDS = 8.0
_BOTH_FORMS = "application/fhir+json, application/fhir+xml;q=0.9, application/json;q=0.8"


@dataclass(frozen=True, slots=True)
class Health:
    """What a connected server answered when it was asked for its CapabilityStatement.

    `problem` is empty when all is well. `address` is the base URL that the server itself gives in its links, where it differs.
    `milliseconds` until the answer was read; `checked` is a moment in ISO 8601.
    """

    problem: str
    software: str = ""
    fhir_version: str = ""
    address: str = ""
    milliseconds: int = 0
    checked: str = ""


def check_upstream(url: str) -> str:
    """The base URL without trailing slash. Raises ValidationError when Fireside may not or cannot send there."""
    url = url.strip().rstrip("/")
    if "?" in url or "#" in url:
        raise ValidationError({"upstream": "Give the base URL alone, without a query."})
    url = url.removesuffix("/metadata")
    try:
        check_address(url)
    except OutboundError as error:
        raise ValidationError({"upstream": str(error)}) from error
    return url


def check_connection(url: str) -> str:
    """The base URL of a server that a deployment shall connect, unless the operator switched that off. Raises ValidationError."""
    if not is_on(CONNECTED_SERVERS):
        raise ValidationError({"upstream": "This installation connects no other servers."})
    return check_upstream(url)


def check_health(deployment: Deployment) -> Health:
    """Ask the connected server, and keep what it said with the deployment."""
    health = ask_upstream(deployment.upstream, deployment.upstream_credential)
    if health.problem:
        health = replace(last_health(deployment) or health, problem=health.problem, checked=health.checked)
    deployment.upstream_facts = asdict(health)
    Deployment.objects.filter(pk=deployment.pk).update(upstream_facts=deployment.upstream_facts)
    return health


def last_health(deployment: Deployment) -> Health | None:
    """What it said when it was asked last; None before."""
    return Health(**deployment.upstream_facts) if deployment.upstream_facts else None


def ask_upstream(base: str, sealed_credential: str) -> Health:
    """One request for /metadata, with the credential. Never raises: what went wrong is the problem."""
    started, now = time.monotonic(), timezone.now().isoformat()
    try:
        headers = {"accept": _BOTH_FORMS, **header_of(sealed_credential)}
        answer = fetch(
            f"{base}/metadata", headers=headers, max_bytes=LARGEST_STATEMENT, timeout=_CHECK_SECONDS
        )
    except (OutboundError, CredentialFault) as error:
        return Health(str(error), checked=now)
    took = int((time.monotonic() - started) * 1000)
    if answer.status in (401, 403):
        return Health(
            f"It refused the credential that is stored for it ({answer.status}).",
            milliseconds=took,
            checked=now,
        )
    if answer.status != 200:
        return Health(f"Its /metadata answered {answer.status}.", milliseconds=took, checked=now)
    statement = _statement(answer.body)
    if statement is None:
        return Health("Its /metadata is no CapabilityStatement.", milliseconds=took, checked=now)
    return Health("", *_facts(statement, base), milliseconds=took, checked=now)


def _statement(body: bytes) -> dict[str, Any] | None:
    text = body.lstrip(b"\xef\xbb\xbf \r\n\t")
    try:
        found = from_xml(text) if text.startswith(b"<") else json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("resourceType") == "CapabilityStatement" else None


def _facts(statement: dict[str, Any], base: str) -> tuple[str, str, str]:
    software = _object(statement, "software")
    named = " ".join(str(software[name]) for name in ("name", "version") if software.get(name))[:120]
    address = str(_object(statement, "implementation").get("url", "")).rstrip("/")
    parts = urlsplit(address)
    usable = parts.scheme in ("http", "https") and bool(parts.hostname) and len(address) < 500
    version = str(statement.get("fhirVersion", ""))[:20]
    return named, version, address if usable and address != base else ""


def _object(statement: dict[str, Any], name: str) -> dict[str, Any]:
    found = statement.get(name)
    return found if isinstance(found, dict) else {}
