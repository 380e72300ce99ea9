"""Loading is authorising, for API calls: a token's tenant and role narrow what its person may."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.request import Request

from portal.access import get_deleted_membership_for, get_membership_for, list_tenants
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


def deleted_membership_for(request: Request, slug: str) -> Membership:
    """An owner's membership in a tenant that waits to be removed; everyone else finds nothing. Raises Http404, PermissionDenied."""
    token = token_of(request)
    found = get_deleted_membership_for(caller(request), slug)
    if token is not None and token.tenant_id not in (None, found.tenant_id):
        raise Http404("No such tenant")
    check_token(token, Role.OWNER)
    return found


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
