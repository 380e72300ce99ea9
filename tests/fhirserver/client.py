"""A client of the engine for tests: requests go straight to `respond`, without a web server."""

import gzip
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from fhirserver.access import FULL, AccessGrant
from fhirserver.engine import respond
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.partitions import Partition
from fhirspec import json
from tests.fhirserver.look_alikes import MARK, LookAlikes

BASE = "https://fhir.example.org/r4"
neighbours: dict[Partition, LookAlikes] = {}


@dataclass
class Answered:
    """A response with its body read."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.decode(self.body)


@dataclass
class Client:
    partition: Partition
    grant: AccessGrant | None = FULL
    headers: dict[str, str] = field(default_factory=dict)

    def request(self, method: str, address: str, body: Any = None, **headers: str) -> Answered:
        """`address` is relative to the base, or a link of this server; header names with `_` for `-`."""
        path, _, query = address.removeprefix(BASE).lstrip("/").partition("?")
        named = {name.replace("_", "-"): value for name, value in {**self.headers, **headers}.items()}
        if body is not None:
            named.setdefault("content-type", "application/fhir+json")
        neighbour = neighbours.get(self.partition)
        if neighbour is not None:
            neighbour.follow()
            neighbour.foresee(body)
        response: FhirResponse = respond(
            FhirRequest(
                method,
                path,
                parse_qsl(query, keep_blank_values=True),
                named,
                body if isinstance(body, bytes) else b"" if body is None else json.encode(body),
                BASE,
            ),
            self.partition,
            self.grant,
        )
        content = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        if neighbour is not None:
            packed = response.headers.get("Content-Encoding") == "gzip"
            assert MARK.encode() not in (gzip.decompress(content) if packed else content)
        return Answered(response.status, response.headers, content)

    def get(self, address: str, **headers: str) -> Answered:
        return self.request("GET", address, **headers)

    def post(self, address: str, body: Any = None, **headers: str) -> Answered:
        return self.request("POST", address, body, **headers)

    def put(self, address: str, body: Any, **headers: str) -> Answered:
        return self.request("PUT", address, body, **headers)

    def delete(self, address: str, **headers: str) -> Answered:
        return self.request("DELETE", address, **headers)

    def create(self, resource: dict[str, Any]) -> dict[str, Any]:
        answered = self.post(resource["resourceType"], resource)
        assert answered.status == 201, answered.body
        created: dict[str, Any] = answered.json()
        return created
