"""Connecting an existing FHIR server: its base URL, and the header by which the gateway proves itself there."""

import re

from django.core.exceptions import ValidationError

from portal.features import CONNECTED_SERVERS, is_on
from portal.outbound import OutboundError, check_address
from portal.secrets import encrypt

_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}:[ \t]*[\x21-\x7e][\x20-\x7e]{0,4000}")
# These belong to the connection itself, not to a credential.
_REFUSED = frozenset({"host", "content-length", "transfer-encoding", "connection", "content-type", "accept"})


def check_upstream(url: str) -> str:
    """The base URL without trailing slash. Raises ValidationError when Fireside may not or cannot send there."""
    url = url.strip().rstrip("/")
    if "?" in url or "#" in url:
        raise ValidationError({"upstream": "Give the base URL alone, without a query."})
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


def seal_credential(header: str) -> str:
    """The header, encrypted; empty for none. Raises ValidationError when it is no `Name: value`."""
    header = header.strip()
    if not header:
        return ""
    if not _HEADER.fullmatch(header) or header.partition(":")[0].lower() in _REFUSED:
        raise ValidationError(
            {"upstream_credential": "Write one header, such as “Authorization: Bearer …” or “x-api-key: …”."}
        )
    return encrypt(header)
