"""The API of a deployment, or of a server elsewhere, as files for other tools."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_GET

from explorer.building.outgoing import Secret
from explorer.exports.describe import UnknownType, describe_openapi, describe_postman
from explorer.foreign import credential_in_use
from explorer.models import ForeignServer
from explorer.targets import Target
from explorer.views.loaded import target_view

Describe = Callable[[Target, str, Secret | None], dict[str, object]]


@target_view
@require_GET
def openapi(request: HttpRequest, deployment: Target) -> JsonResponse:
    """OpenAPI 3.1 of the type named by `type`, or of all."""
    return _file(request, deployment, describe_openapi, "openapi")


@target_view
@require_GET
def postman(request: HttpRequest, deployment: Target) -> JsonResponse:
    """A Postman collection of the type named by `type`, or of all."""
    return _file(request, deployment, describe_postman, "postman")


def _file(request: HttpRequest, deployment: Target, describe: Describe, name: str) -> JsonResponse:
    """How a server elsewhere is told who asks, the credential in use says; the secret itself is a variable."""
    held = credential_in_use(request.session, deployment) if isinstance(deployment, ForeignServer) else None
    try:
        content = describe(deployment, request.GET.get("type", ""), held.scheme if held else None)
    except UnknownType:
        raise Http404 from None
    response = JsonResponse(content, json_dumps_params={"indent": 1})
    safe = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in deployment.name)
    response["Content-Disposition"] = f'attachment; filename="{safe}-{name}.json"'
    return response
