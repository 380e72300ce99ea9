"""The same door under Django's URL table: for its test client, and for servers that do not use config/wsgi.py."""

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from gateway.sending import CountedBody
from gateway.wsgi import answer


@csrf_exempt
def fhir(request: HttpRequest, **_path: str) -> HttpResponseBase:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    body: Iterable[bytes] = answer(request.META, lambda status, headers: started.append((status, headers)))
    status, headers = int(started[0][0][:3]), dict(started[0][1])
    if isinstance(body, CountedBody):
        return StreamingHttpResponse(body, status=status, headers=headers)
    return HttpResponse(b"".join(body), status=status, headers=headers)
