"""References between the entries of a transaction: urn:uuid addresses and conditional references become real ones.

https://hl7.org/fhir/R4/http.html#trules
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fhirspec.addresses import ADDRESS_NAMES

_LOCAL = ("urn:uuid:", "urn:oid:")
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


def rewrite(node: Any, addresses: Mapping[str, str]) -> None:
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


def _address(value: str, addresses: Mapping[str, str]) -> str:
    found = addresses.get(value)
    if found is not None:
        return found
    start, mark, fragment = value.partition("#")
    return addresses[start] + mark + fragment if mark and start in addresses else value


def _rewritten_narrative(div: str, addresses: Mapping[str, str]) -> str:
    return _LINK.sub(lambda found: f"{found[1]}{found[2]}{addresses.get(found[3], found[3])}", div)
