"""The live keys that a person made: whoever leaves a tenant may know their text (portal.leaving)."""

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from credentials.models import ApiKey
from portal.leaving import Known
from portal.models import Tenant, User


def known_keys(tenant: Tenant, user: User) -> Iterator[Known]:
    live = ApiKey.objects.filter(Q(expires=None) | Q(expires__gt=timezone.now()), revoked=None)
    made = live.filter(deployment__tenant=tenant, created_by=user).select_related("deployment")
    for key in made:
        url = reverse("credentials:key", args=[key.deployment_id, key.public_id])
        yield Known("API key", key.name, key.deployment.name, url, key.last_used_at)
