"""`/healthz`: the process answers. `/readyz`: it can also reach its databases."""

from django.db import DatabaseError, connections
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def answers(alias: str) -> bool:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the control database and every region's store answer, else 503 with the names of those that do not."""
    silent = [alias for alias in connections if not answers(alias)]
    if silent:
        return JsonResponse({"status": "unavailable", "databases": silent}, status=503)
    return JsonResponse({"status": "ok"})
