"""References between the entries of a transaction: urn:uuid addresses and conditional references become real ones.

https://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Resolve = Callable[[str], str]
_LOCAL = ("urn:uuid:", "urn:oid:")


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
    """Replace, in place, every string that is an entry's fullUrl (or a conditional reference) by the resource's address."""
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str):
                if key == "div" and "urn:" in value:
                    node[key] = _rewritten_narrative(value, addresses)
                elif key == "reference" or value.startswith(_LOCAL):
                    node[key] = _address(value, addresses)
            elif isinstance(value, (dict, list)):
                rewrite(value, addresses)
    elif isinstance(node, list):
        for position, value in enumerate(node):
            if isinstance(value, str):
                if value.startswith(_LOCAL):
                    node[position] = _address(value, addresses)
            elif isinstance(value, (dict, list)):
                rewrite(value, addresses)


def _address(value: str, addresses: Mapping[str, str]) -> str:
    found = addresses.get(value)
    if found is not None:
        return found
    start, mark, fragment = value.partition("#")
    return addresses[start] + mark + fragment if mark and start in addresses else value


def _rewritten_narrative(div: str, addresses: Mapping[str, str]) -> str:
    for full_url, address in addresses.items():
        if full_url.startswith(_LOCAL):
            div = div.replace(f'"{full_url}"', f'"{address}"')
    return div
