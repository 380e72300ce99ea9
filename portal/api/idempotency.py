"""`Idempotency-Key`: a POST that is sent again with the same key is answered as the first time, and done once.

After draft-ietf-httpapi-idempotency-key-header: the same key with another request is 422, while the first is under way 409.
Answers are kept for 24 hours, encrypted, because some hold a secret that is shown once.
"""

import hashlib
import json
from datetime import timedelta
from http import HTTPStatus

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from portal.api.access import caller, token_of
from portal.api.problems import InvalidQuery
from portal.models import KeptAnswer
from portal.secrets import decrypt, encrypt

HEADER = "Idempotency-Key"
KEPT = timedelta(hours=24)
# Longer than any request takes: what has no answer by then lost its process.
LONGEST_REQUEST = timedelta(minutes=5)
LONGEST_KEY = 255
# The answer may hold a secret: nothing on the way may keep it.
_REPLAYED = {"Idempotent-Replayed": "true", "Cache-Control": "no-store"}


class Replayed(Exception):
    """The request was answered before; this is that answer."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


class KeyReused(APIException):
    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_detail = "This Idempotency-Key was used for another request. Use a new key for each new request."


class UnderWay(APIException):
    status_code = HTTPStatus.CONFLICT
    default_detail = "The first request with this Idempotency-Key has not been answered yet. Wait a moment."


class CutOff(APIException):
    status_code = HTTPStatus.CONFLICT
    default_detail = (
        "The first request with this Idempotency-Key was cut off before it was answered, and may have been carried "
        "out. Look whether it was, and if not, send it with a new key."
    )


def begin(request: Request) -> None:
    """Claim the key of a POST. Raises Replayed, KeyReused, UnderWay, CutOff."""
    key = request.headers.get(HEADER, "")
    if request.method != "POST" or not key:
        return
    if len(key) > LONGEST_KEY:
        raise InvalidQuery({HEADER: [f"Use {LONGEST_KEY} characters at most."]})
    owner, fingerprint = _owner(request), _fingerprint(request)
    try:
        with transaction.atomic():
            kept = KeptAnswer.objects.create(owner=owner, key=key, fingerprint=fingerprint)
    except IntegrityError:
        first = KeptAnswer.objects.filter(owner=owner, key=key).first()
        # None: the first one was refused just now, and freed its key.
        raise (_again(first, fingerprint) if first else UnderWay()) from None
    request.kept_answer = kept  # type: ignore[attr-defined]


def _again(kept: KeptAnswer, fingerprint: str) -> Exception:
    if kept.fingerprint != fingerprint:
        return KeyReused()
    if kept.status is None:
        return CutOff() if timezone.now() - kept.created > LONGEST_REQUEST else UnderWay()
    data = json.loads(decrypt(kept.content))
    return Replayed(Response(data, status=kept.status, headers=_REPLAYED))


def end(request: Request, response: Response) -> None:
    """Keep the answer for the next time; a fault, or a refusal that may pass by itself, frees the key."""
    kept: KeptAnswer | None = getattr(request, "kept_answer", None)
    if kept is None:
        return
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        kept.delete()
        return
    kept.status = response.status_code
    kept.content = encrypt(json.dumps(response.data, cls=JSONEncoder))
    kept.save(update_fields=["status", "content"])


def abandon(request: Request) -> None:
    """The request ended in a fault that is answered outside of here: its key is free again."""
    kept: KeptAnswer | None = getattr(request, "kept_answer", None)
    if kept is not None:
        kept.delete()


def forget_answers() -> int:
    """Delete what is older than a day; returns how many."""
    return KeptAnswer.objects.filter(created__lt=timezone.now() - KEPT).delete()[0]


def _owner(request: Request) -> str:
    token = token_of(request)
    return f"token:{token.pk}" if token else f"user:{caller(request).pk}"


def _fingerprint(request: Request) -> str:
    asked = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    asked.update(request._request.body)
    return asked.hexdigest()
