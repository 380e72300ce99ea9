from collections.abc import Callable

import pytest
from django.test import Client

from portal.models import Membership, Role, Tenant, User

SignIn = Callable[[User], Client]


@pytest.fixture
def sign_in() -> SignIn:
    """A browser of its own in which this person is signed in."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return make


@pytest.fixture
def bob_as(tenant: Tenant, bob: User, sign_in: SignIn) -> Callable[[Role], Client]:
    """Bob signed in, with this role in Alice's tenant."""

    def make(role: Role) -> Client:
        Membership.objects.filter(tenant=tenant, user=bob).update(role=role)
        return sign_in(bob)

    return make
