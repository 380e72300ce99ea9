"""The control plane's people: users, tenants, memberships, invitations, subscriptions, audit."""

from portal.models.accounts import User
from portal.models.audit import AuditEvent
from portal.models.features import FeatureSwitch
from portal.models.kept_answers import KeptAnswer
from portal.models.notifications import Delivery, DeliveryState, Notification, Webhook
from portal.models.plans import PlanTerms, Rate, SizePrice
from portal.models.subscriptions import Plan, SettledMonth, Subscription
from portal.models.tenants import Invitation, Membership, Role, Tenant
from portal.models.tokens import ManagementToken

__all__ = [
    "AuditEvent",
    "Delivery",
    "DeliveryState",
    "FeatureSwitch",
    "Invitation",
    "KeptAnswer",
    "ManagementToken",
    "Membership",
    "Notification",
    "Plan",
    "PlanTerms",
    "Rate",
    "Role",
    "SettledMonth",
    "SizePrice",
    "Subscription",
    "Tenant",
    "User",
    "Webhook",
]
