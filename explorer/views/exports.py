"""The deployment's API as files for other tools."""

from collections.abc import Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from deployments.models import Deployment
from deployments.views.loaded import deployment_view
from explorer import definitions, forms
from explorer.bench import Bench
from explorer.building.fields import SearchParameterFacts
from explorer.exports.openapi import render_openapi
from explorer.exports.postman import render_postman
from portal.models import Role


@deployment_view(Role.READ)
@require_GET
def openapi(request: HttpRequest, deployment: Deployment) -> JsonResponse:
    """OpenAPI 3.1 of the type named by `type`, or of all."""
    benches = list(_benches(deployment, request.GET.get("type", "")))
    document = render_openapi(
        f"{deployment.name}: FHIR R4",
        benches[0].base,
        settings.VERSION,
        ((bench.resource_type, bench.operations, _parameters(bench)) for bench in benches),
    )
    return _file(document, f"{deployment.name}-openapi.json")


@deployment_view(Role.READ)
@require_GET
def postman(request: HttpRequest, deployment: Deployment) -> JsonResponse:
    """A Postman collection of the type named by `type`, or of all."""
    benches = list(_benches(deployment, request.GET.get("type", "")))
    collection = render_postman(
        f"{deployment.name}: FHIR R4",
        benches[0].base,
        (
            (b.resource_type, b.operations, definitions.example_text(b.resource_type or "Bundle", ""))
            for b in benches
        ),
    )
    return _file(collection, f"{deployment.name}-postman.json")


def _benches(deployment: Deployment, resource_type: str) -> Iterator[Bench]:
    if resource_type and not definitions.is_resource_type(resource_type):
        raise Http404
    if resource_type:
        yield Bench(deployment, resource_type)
        return
    system = Bench(deployment, "")
    yield system
    for name in sorted(system.capabilities.resources):
        if definitions.is_resource_type(name):
            yield Bench(deployment, name)


def _parameters(bench: Bench) -> list[SearchParameterFacts]:
    return [each for each in forms.parameters_of(bench) if each.supported] if bench.resource_type else []


def _file(content: dict[str, object], name: str) -> JsonResponse:
    response = JsonResponse(content, json_dumps_params={"indent": 1})
    safe = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in name)
    response["Content-Disposition"] = f'attachment; filename="{safe}"'
    return response
