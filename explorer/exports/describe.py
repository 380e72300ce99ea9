"""A deployment, or a server elsewhere, described for other tools, from what its CapabilityStatement lists: one resource type or all."""

import json
from collections.abc import Iterator

from django.conf import settings

from deployments.models import Deployment
from explorer import definitions
from explorer.bench import Bench
from explorer.building.fields import SearchParameterFacts
from explorer.building.outgoing import Secret
from explorer.exports.openapi import render_openapi
from explorer.exports.postman import render_postman
from explorer.searching import parameters_of
from explorer.targets import Target
from fhirserver.http import FhirResponse


class UnknownType(LookupError):
    """There is no such resource type in FHIR R4."""


def describe_openapi(
    target: Target, resource_type: str, secret: Secret | None = None, base: str = ""
) -> dict[str, object]:
    """OpenAPI 3.1. An empty `resource_type` means all; `base` is the endpoint's public address. Raises UnknownType.

    `secret`: how a server elsewhere is told who asks; None of a deployment, which takes API keys and bearer tokens.
    """
    benches = list(_benches(target, resource_type))
    return render_openapi(
        f"{target.name}: FHIR R4",
        base or benches[0].base,
        settings.VERSION,
        ((bench.resource_type, bench.operations, _parameters(bench)) for bench in benches),
        secret,
        benches[0].capabilities.patch_formats,
    )


def describe_postman(target: Target, resource_type: str, secret: Secret | None = None) -> dict[str, object]:
    """A Postman collection. An empty `resource_type` means all. Raises UnknownType."""
    benches = list(_benches(target, resource_type))
    return render_postman(
        f"{target.name}: FHIR R4",
        benches[0].base,
        (
            (b.resource_type, b.operations, definitions.example_text(b.resource_type or "Bundle", ""))
            for b in benches
        ),
        secret,
    )


def openapi_document(deployment_id: str, base: str, query: list[tuple[str, str]]) -> FhirResponse:
    """`openapi.json` beside `metadata`: of the type that `type` names, or of all."""
    deployment = Deployment.objects.get(pk=deployment_id)
    try:
        described = describe_openapi(deployment, dict(query).get("type", ""), base=base)
    except UnknownType as error:
        body = {"resourceType": "OperationOutcome", "issue": [_issue(str(error))]}
        return FhirResponse(
            404, {"Content-Type": "application/fhir+json"}, json.dumps(body).encode(), "openapi"
        )
    return FhirResponse(200, {"Content-Type": "application/json"}, json.dumps(described).encode(), "openapi")


def _issue(text: str) -> dict[str, str]:
    return {"severity": "error", "code": "not-found", "diagnostics": text}


def _benches(target: Target, resource_type: str) -> Iterator[Bench]:
    if resource_type and not definitions.is_resource_type(resource_type):
        raise UnknownType(definitions.no_resource_type(resource_type))
    if resource_type:
        yield Bench(target, resource_type)
        return
    system = Bench(target, "")
    yield system
    for name in sorted(system.capabilities.resources):
        if definitions.is_resource_type(name):
            yield Bench(target, name)


def _parameters(bench: Bench) -> list[SearchParameterFacts]:
    return [each for each in parameters_of(bench) if each.supported] if bench.resource_type else []
