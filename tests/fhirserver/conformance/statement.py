"""A CapabilityStatement taken apart for tests, and resources and values to try with what it lists."""

from dataclasses import dataclass
from typing import Any

from explorer.definitions.sample import smallest_valid
from fhirspec import json
from fhirspec.catalogue import get_catalogue
from tests.fhirserver.client import Client

Json = dict[str, Any]
VALUES = {
    "string": "ab",
    "token": "urn:s|c",
    "reference": "Patient/1",
    "date": "2020-01-01",
    "number": "5",
    "quantity": "5",
    "uri": "http://example.org/x",
}
"""A value that every search parameter of the type takes."""
SPECIAL = {
    "_content": "word",
    "_filter": "_id eq x",
    "_list": "some-list",
    "_text": "word",
    "near": "42.36|-71.06|5|km",
}


@dataclass(frozen=True)
class Statement:
    whole: Json

    @classmethod
    def of(cls, client: Client) -> "Statement":
        return cls(client.get("metadata").json())

    @property
    def rest(self) -> Json:
        found: Json = self.whole["rest"][0]
        return found

    @property
    def resources(self) -> dict[str, Json]:
        return {one["type"]: one for one in self.rest["resource"]}


def a_resource(resource_type: str, logical_id: str = "x") -> Json:
    """A valid one of the type."""
    return {**json.decode(json.encode(smallest_valid(resource_type))), "id": logical_id}


def value_for(resource_type: str, parameter: Json) -> str:
    """A value for a search parameter that a statement lists for a type."""
    code, kind = parameter["name"], parameter["type"]
    if code in SPECIAL:
        return SPECIAL[code]
    if kind == "composite":
        composite = get_catalogue().search_parameters(resource_type)[code]
        by_url = {one.url: one for one in get_catalogue().search_parameters(resource_type).values()}
        return "$".join(VALUES[by_url[part.definition].type] for part in composite.components)
    if kind == "reference":
        targets = get_catalogue().search_parameters(resource_type)[code].targets
        return f"{targets[0]}/1" if targets else VALUES[kind]
    return VALUES[kind]


def issues(body: bytes) -> str:
    return "; ".join(str(one.get("diagnostics")) for one in json.decode(body).get("issue", []))
