"""References between the entries of a transaction: urn:uuid addresses and conditional references become real ones.

https://hl7.org/fhir/R4/http.html#trules
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from fhirspec.addresses import ADDRESS_NAMES

_LOCAL = ("urn:uuid:", "urn:oid:")
_VERSION = "/_history/"
_LINK = re.compile(r"""(\b(?:href|src)\s*=\s*)(["'])(urn:(?:uuid|oid):[^"'#]+)""")


def conditional_references(resource: Any) -> Iterator[str]:
    """Each `Type?query` in a Reference of the resource."""
    if isinstance(resource, dict):
        found = resource.get("reference")
        if isinstance(found, str) and "?" in found and not found.startswith(("http:", "https:", "urn:", "#")):
            yield found
        for value in resource.values():
            if isinstance(value, (dict, list)):
                yield from conditional_references(value)
    elif isinstance(resource, list):
        for value in resource:
            if isinstance(value, (dict, list)):
                yield from conditional_references(value)


class Addresses(NamedTuple):
    """Where things are stored: `by_name`, from a fullUrl or a conditional reference to `Type/id`; `versions`, which version of that the
    transaction writes."""

    by_name: Mapping[str, str]
    versions: Mapping[str, int]


def rewrite(node: Any, addresses: Addresses) -> None:
    """Replace, in place, what is an entry's fullUrl (or a conditional reference) by the resource's address: in elements that hold
    addresses and in the links of a narrative. An identifier's value may be the same text, and stays."""
    if isinstance(node, list):
        for value in node:
            if isinstance(value, (dict, list)):
                rewrite(value, addresses)
        return
    for key, value in node.items():
        if isinstance(value, str):
            if key == "reference" or (key in ADDRESS_NAMES and value.startswith(_LOCAL)):
                node[key] = _address(value, addresses)
            elif key == "div" and "urn:" in value:
                node[key] = _rewritten_narrative(value, addresses)
        elif isinstance(value, list) and key in ADDRESS_NAMES:
            node[key] = [_address(one, addresses) if _is_local(one) else one for one in value]
            rewrite(node[key], addresses)
        elif isinstance(value, (dict, list)):
            rewrite(value, addresses)


def _is_local(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_LOCAL)


def _address(value: str, addresses: Addresses) -> str:
    found = addresses.by_name.get(value)
    if found is not None:
        return found
    start, mark, _ = value.partition(_VERSION)
    if mark and start in addresses.by_name:
        return _of_version(addresses.by_name[start], addresses)
    start, mark, fragment = value.partition("#")
    return addresses.by_name[start] + mark + fragment if mark and start in addresses.by_name else value


def _of_version(address: str, addresses: Addresses) -> str:
    """Whichever version the client named: "they will all be re-assigned anyway"."""
    version = addresses.versions.get(address)
    return f"{address}{_VERSION}{version}" if version else address


def _rewritten_narrative(div: str, addresses: Addresses) -> str:
    by_name = addresses.by_name
    return _LINK.sub(lambda found: f"{found[1]}{found[2]}{by_name.get(found[3], found[3])}", div)
