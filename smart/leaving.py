"""The applications with a secret that a person registered: whoever leaves a tenant may know it (portal.leaving)."""

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from credentials.models import OAuthApplication
from portal.leaving import Known
from portal.models import Tenant, User


def known_applications(tenant: Tenant, user: User) -> Iterator[Known]:
    live = Q(secrets__expires=None) | Q(secrets__expires__gt=timezone.now())
    made = OAuthApplication.objects.filter(
        live, secrets__isnull=False, enabled=True, created_by=user, server__deployment__tenant=tenant
    )
    for application in made.select_related("server__deployment").distinct():
        deployment = application.server.deployment
        url = reverse("oauth:application", args=[deployment.pk, application.pk])
        yield Known("Application", application.name, deployment.name, url, application.last_used_at)
