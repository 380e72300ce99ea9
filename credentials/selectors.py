"""Finding API keys: by the text that a caller presents, and for the pages of a deployment."""

import hmac
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from credentials.models import ApiKey, ApiKeySecret
from credentials.secret import PREFIX, hash_key_text, parse_key_text
from deployments.models import Deployment


class KeyProblem(StrEnum):
    """Why a presented key is no credential. Callers learn none of this; the deployment's log does."""

    MALFORMED = "malformed"
    UNKNOWN = "unknown"
    REVOKED = "revoked"
    EXPIRED = "expired"
    SECRET_ENDED = "secret-ended"  # noqa: S105


@dataclass(frozen=True, slots=True)
class RefusedKey:
    """A presented key that cannot be used; `api_key` is set only when its secret was right."""

    problem: KeyProblem
    api_key: ApiKey | None = None


def identify_api_key(text: str) -> ApiKeySecret | RefusedKey:
    """The live secret (with its key) that was presented, or why it is none. Two queries at most."""
    presented = parse_key_text(text)
    if presented is None:
        return RefusedKey(KeyProblem.MALFORMED)
    digest = hash_key_text(text).digest
    secrets = ApiKeySecret.objects.filter(api_key__public_id=presented.public_id)
    matching = None
    for secret in secrets.select_related("api_key"):
        if hmac.compare_digest(secret.digest, digest):
            matching = secret
    if matching is None:
        return RefusedKey(KeyProblem.UNKNOWN)
    problem = _problem_with(matching)
    return RefusedKey(problem, matching.api_key) if problem else matching


def find_api_key(text: str) -> ApiKey | None:
    """The usable key whose text this is."""
    found = identify_api_key(text)
    return found.api_key if isinstance(found, ApiKeySecret) else None


def list_api_keys(deployment: Deployment) -> QuerySet[ApiKey]:
    """Newest first, revoked ones too, with their secrets."""
    return ApiKey.objects.filter(deployment=deployment).prefetch_related("secrets", "created_by")


def find_api_keys(deployment: Deployment, asked: str) -> QuerySet[ApiKey]:
    """Those whose name or holder holds what is asked for, or whose key begins so."""
    found = list_api_keys(deployment)
    if not asked:
        return found
    begins = asked.removeprefix(f"{PREFIX}_").rstrip("…").split("_")[0]
    return found.filter(
        Q(name__icontains=asked) | Q(holder__icontains=asked) | Q(public_id__startswith=begins)
    )


def _problem_with(secret: ApiKeySecret) -> KeyProblem | None:
    if secret.api_key.revoked is not None:
        return KeyProblem.REVOKED
    if secret.api_key.expired:
        return KeyProblem.EXPIRED
    return KeyProblem.SECRET_ENDED if secret.expired else None


def get_api_key(deployment: Deployment, public_id: str) -> ApiKey:
    """Raises Http404 for a key of another deployment."""
    return get_object_or_404(list_api_keys(deployment), public_id=public_id)
