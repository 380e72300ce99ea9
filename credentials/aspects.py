"""What a comparison says of a deployment's API keys. A secret is never brought over: each deployment makes its own."""

from collections.abc import Iterator

from credentials.access import Access, AccessKind
from deployments.comparison import Aspect, Trait
from deployments.models import Deployment


def _words(access: Access) -> str:
    if access.kind is not AccessKind.CHOSEN:
        return access.kind.value.replace("-", " ").capitalize()
    return ", ".join(f"{name}.{letters}" for name, letters in sorted(access.types.items()))


def _api_keys(deployment: Deployment) -> Iterator[Trait]:
    for key in deployment.api_keys.filter(revoked=None).order_by("name", "pk"):
        yield Trait(key.name, _words(key.access))


API_KEYS = Aspect("api-keys", "API keys", _api_keys)
