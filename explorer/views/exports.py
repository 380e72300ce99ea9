"""The deployment's API as files for other tools."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from deployments.models import Deployment
from deployments.views.loaded import deployment_view
from explorer.exports.describe import UnknownType, describe_openapi, describe_postman
from portal.models import Role


@deployment_view(Role.READ)
@require_GET
def openapi(request: HttpRequest, deployment: Deployment) -> JsonResponse:
    """OpenAPI 3.1 of the type named by `type`, or of all."""
    return _file(request, deployment, describe_openapi, "openapi")


@deployment_view(Role.READ)
@require_GET
def postman(request: HttpRequest, deployment: Deployment) -> JsonResponse:
    """A Postman collection of the type named by `type`, or of all."""
    return _file(request, deployment, describe_postman, "postman")


def _file(
    request: HttpRequest,
    deployment: Deployment,
    describe: Callable[[Deployment, str], dict[str, object]],
    name: str,
) -> JsonResponse:
    try:
        content = describe(deployment, request.GET.get("type", ""))
    except UnknownType:
        raise Http404 from None
    response = JsonResponse(content, json_dumps_params={"indent": 1})
    safe = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in deployment.name)
    response["Content-Disposition"] = f'attachment; filename="{safe}-{name}.json"'
    return response
