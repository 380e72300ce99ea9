"""The control plane's people: users, tenants, memberships."""

from portal.models.accounts import User
from portal.models.tenants import Membership, Role, Tenant

__all__ = ["Membership", "Role", "Tenant", "User"]
