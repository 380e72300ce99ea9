"""What is explored: a deployment, or a server elsewhere that one person opened by its base URL."""

from typing import Any

from django.urls import reverse

from deployments.models import Deployment
from explorer.models import ForeignServer

Target = Deployment | ForeignServer


def target_url(target: Target, name: str, *arguments: str) -> str:
    """The address of one of the explorer's pages about this target."""
    namespace = "servers" if isinstance(target, ForeignServer) else "explorer"
    return reverse(f"{namespace}:{name}", args=[target.pk, *arguments])


def kept_for(target: Target) -> dict[str, Any]:
    """The column that names this target in what the explorer remembers, as keyword of a query."""
    return {"server" if isinstance(target, ForeignServer) else "deployment": target}
