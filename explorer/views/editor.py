"""What the body's editor asks while someone writes: problems at their lines, and what may be written at the cursor."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from explorer import definitions
from explorer.building.check import json_problem
from explorer.targets import Target
from explorer.views.loaded import target_view


@target_view
@require_POST
def problems(request: HttpRequest, deployment: Target) -> JsonResponse:
    """`problems`: each {line, message, error}, as `$validate` finds them."""
    text = request.POST.get("text", "")
    broken = json_problem(text)
    found = (
        [broken] if broken else definitions.body_problems(text, request.POST.get("type", ""), thorough=True)
    )
    listed = [{"line": each.line, "message": each.message, "error": each.is_error} for each in found]
    return JsonResponse({"problems": listed})


@target_view
@require_POST
def complete(request: HttpRequest, deployment: Target) -> JsonResponse:
    """`items` that fit at the end of the text, each {text, kind, about}; `wants` says whether they are keys or values."""
    text = request.POST.get("text", "")
    cursor, found = definitions.complete(text, len(text), request.POST.get("type", ""))
    items = [{"text": each.text, "kind": each.kind, "about": each.about} for each in found]
    return JsonResponse({"items": items, "wants": cursor.wants, "quoted": cursor.quoted})
