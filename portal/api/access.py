"""Loading is authorising, for API calls: a token's tenant and role narrow what its person may."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.request import Request

from portal.access import get_membership_for, list_tenants
from portal.models import ManagementToken, Membership, Role, Tenant, User


def caller(request: Request) -> User:
    """The signed-in person. IsAuthenticated guards every view."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user


def token_of(request: Request) -> ManagementToken | None:
    return request.auth if isinstance(request.auth, ManagementToken) else None


def membership_for(request: Request, slug: str, role: Role) -> Membership:
    """The caller's membership, its role capped by the token's. Raises Http404, PermissionDenied."""
    token = token_of(request)
    if token is not None and token.tenant is not None and token.tenant.slug != slug:
        raise Http404("No such tenant")
    membership = get_membership_for(caller(request), slug, role)
    if token is not None:
        check_token(token, role)
        membership.role = min(membership.role, token.role)
    return membership


def check_token(token: ManagementToken | None, role: Role) -> None:
    """Raises PermissionDenied when the token's role is too small."""
    if token is not None and token.role < role:
        raise PermissionDenied(f"This needs a token with the role {role.label}.")


def tenants_of(request: Request) -> list[Tenant]:
    token = token_of(request)
    tenants = list_tenants(caller(request))
    if token is None or token.tenant_id is None:
        return tenants
    return [tenant for tenant in tenants if tenant.pk == token.tenant_id]
