"""Loading a deployment is authorising."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from deployments.models import Deployment
from deployments.selectors import get_deployment_for, list_deployments_for
from portal.access import get_tenant_for
from portal.models import Role, Tenant, User


def test_a_member_gets_the_deployment_with_the_role_in_its_tenant(deployment: Deployment, bob: User) -> None:
    assert get_deployment_for(bob, deployment.pk, Role.READ) == deployment


def test_a_member_with_too_small_a_role_is_refused(deployment: Deployment, bob: User) -> None:
    with pytest.raises(PermissionDenied):
        get_deployment_for(bob, deployment.pk, Role.WRITE)


def test_a_stranger_does_not_learn_that_it_exists(deployment: Deployment, charlie: User) -> None:
    with pytest.raises(Http404):
        get_deployment_for(charlie, deployment.pk, Role.READ)
    with pytest.raises(Http404):
        get_deployment_for(AnonymousUser(), deployment.pk, Role.READ)
    assert list(list_deployments_for(charlie)) == []


def test_the_list_holds_the_deployments_of_all_own_tenants(
    deployment: Deployment, alice: User, bob: User
) -> None:
    assert list(list_deployments_for(alice)) == [deployment]
    assert list(list_deployments_for(bob, deployment.tenant)) == [deployment]


def test_too_small_a_role_is_told_with_the_own_one_and_whom_to_ask(
    deployment: Deployment, tenant: Tenant, bob: User
) -> None:
    with pytest.raises(
        PermissionDenied, match=r"role Admin in Acme Health; yours is Read\. Ask an Admin or the Owner"
    ):
        get_deployment_for(bob, deployment.pk, Role.ADMIN)
    with pytest.raises(PermissionDenied, match=r"yours is Read\. Ask an Owner"):
        get_tenant_for(bob, tenant.slug, Role.OWNER)
