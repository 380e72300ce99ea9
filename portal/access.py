"""Loading is authorising: each tenant is loaded through the membership of the person who asks.

Anonymous people are sent to sign in, strangers get 404, members whose role is too small get 403.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_http_methods

from portal.models import Membership, Role, Tenant, User
from portal.navigation import owner_of_page

P = ParamSpec("P")
TENANT_KEY = "tenant"


def get_membership_for(user: User | AnonymousUser, slug: str, role: Role) -> Membership:
    """The membership of `user` in the tenant `slug`, with at least `role`. Raises Http404, PermissionDenied."""
    membership = (
        Membership.objects.select_related("tenant", "user")
        .filter(user__pk=user.pk or 0, tenant__slug=slug)
        .first()
    )
    return _require(membership, role)


def get_deleted_membership_for(user: User | AnonymousUser, slug: str) -> Membership:
    """An owner's membership in a deleted tenant, for taking the deletion back. Raises Http404 for everyone else."""
    membership = (
        Membership.objects.select_related("tenant", "user")
        .filter(user__pk=user.pk or 0, role=Role.OWNER, tenant__slug=slug, tenant__deleted__isnull=False)
        .first()
    )
    if membership is None:
        raise Http404("No such tenant")
    return membership


def get_tenant_for(user: User | AnonymousUser, slug: str, role: Role) -> Tenant:
    """The tenant `slug`, if `user` is a member with at least `role`. Raises Http404, PermissionDenied."""
    return get_membership_for(user, slug, role).tenant


def require_role(user: User | AnonymousUser, tenant: Tenant, role: Role) -> Membership:
    """The membership of `user` in `tenant`, with at least `role`. Raises Http404, PermissionDenied."""
    membership = (
        Membership.objects.select_related("tenant", "user")
        .filter(user__pk=user.pk or 0, tenant=tenant)
        .first()
    )
    return _require(membership, role)


class MfaRequired(PermissionDenied):
    """The tenant asks for two-step sign-in and this person has not set it up."""


def check_mfa(user: User | AnonymousUser, tenant: Tenant) -> None:
    """Raises MfaRequired when the tenant's rule is not met."""
    if tenant.requires_mfa and not is_mfa_enabled(user):
        raise MfaRequired(f"{tenant.name} requires two-step sign-in of all its members.")


def with_two_steps(memberships: QuerySet[Membership]) -> QuerySet[Membership]:
    """Each with `has_two_steps`: whether the person meets a rule of two-step sign-in, as `check_mfa` asks."""
    return memberships.annotate(has_two_steps=Exists(Authenticator.objects.filter(user=OuterRef("user"))))


def count_without_two_steps(tenant: Tenant) -> int:
    """How many of its members the rule would shut out."""
    return tenant.memberships.exclude(user__in=Authenticator.objects.values("user")).count()


def list_open_memberships(user: User) -> QuerySet[Membership]:
    """Those in tenants that this person may look into now: not deleted, and their rule of two-step sign-in is met."""
    found = Membership.objects.filter(user=user, tenant__deleted__isnull=True)
    return found if is_mfa_enabled(user) else found.filter(tenant__requires_mfa=False)


def list_shut_tenants(user: User) -> list[Tenant]:
    """Those that require two-step sign-in, which this person has not set up."""
    own = Tenant.objects.filter(memberships__user=user, deleted__isnull=True, requires_mfa=True)
    return [] if is_mfa_enabled(user) else list(own)


def _require(membership: Membership | None, role: Role) -> Membership:
    if membership is None or not membership.tenant.is_active:
        raise Http404("No such tenant")
    check_mfa(membership.user, membership.tenant)
    if membership.role < role:
        raise PermissionDenied(missing_role(membership.tenant, role, Role(membership.role)))
    return membership


def missing_role(tenant: Tenant, needed: Role, has: Role) -> str:
    """Why a member may not, and who can change that."""
    who = "an Owner" if needed is Role.OWNER else "an Admin or the Owner"
    return f"This needs the role {needed.label} in {tenant.name}; yours is {has.label}. Ask {who} of the tenant to change it."


TenantView = Callable[Concatenate[HttpRequest, Membership, P], HttpResponse]


def tenant_view(role: Role) -> Callable[[TenantView[P]], Callable[..., HttpResponseBase]]:
    """Give the view the signed-in person's membership (its tenant, its role) for the URL's `slug`."""

    def decorate(view: TenantView[P]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        @require_http_methods(["GET", "HEAD", "POST"])
        @login_required
        def loaded(request: HttpRequest, slug: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            membership = get_membership_for(request.user, slug, role)
            return view(request, membership, *args, **kwargs)

        return loaded

    return decorate


def operator_view(
    view: Callable[Concatenate[HttpRequest, User, P], HttpResponse],
) -> Callable[..., HttpResponseBase]:
    """Give the view the signed-in operator (`is_staff`); everyone else finds nothing here."""

    @wraps(view)
    @login_required
    def loaded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        user = signed_in(request)
        if not user.is_staff:
            raise Http404("Not found")
        return view(request, user, *args, **kwargs)

    return loaded


def signed_in(request: HttpRequest) -> User:
    """The signed-in user of a view that login_required guards."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user


def get_current_tenant(request: HttpRequest) -> Tenant | None:
    """The tenant chosen in the switcher, else the person's first one; None for those without any."""
    if not request.user.is_authenticated:
        return None
    tenants = list_tenants(request.user)
    chosen = request.session.get(TENANT_KEY)
    return next((tenant for tenant in tenants if tenant.pk == chosen), tenants[0] if tenants else None)


def follow_page(request: HttpRequest) -> Tenant | None:
    """The tenant to which the page belongs: it becomes the current one. For a page of none, the current one.

    What htmx fetches is a part of a page that may lie open in another tab: it changes nothing.
    """
    owner = owner_of_page(request.resolver_match)
    named = next((tenant for tenant in list_tenants(request.user) if owner in (tenant.pk, tenant.slug)), None)
    if named is None:
        return get_current_tenant(request)
    if request.session.get(TENANT_KEY) != named.pk and "HX-Request" not in request.headers:
        set_current_tenant(request, named)
    return named


def set_current_tenant(request: HttpRequest, tenant: Tenant) -> None:
    request.session[TENANT_KEY] = tenant.pk


def list_tenants_of(user: User, role: Role) -> list[Tenant]:
    """The tenants in which this person has at least `role`, now."""
    return [one.tenant for one in list_open_memberships(user).filter(role__gte=role).select_related("tenant")]


def has_role(user: User | AnonymousUser, tenant: Tenant, role: Role) -> bool:
    """Whether a page may offer what needs `role`; what carries it out asks `require_role`."""
    return tenant.memberships.filter(user__pk=user.pk or 0, role__gte=role).exists()


def list_tenants(user: User | AnonymousUser) -> list[Tenant]:
    return list(Tenant.objects.filter(memberships__user__pk=user.pk or 0, deleted__isnull=True))
