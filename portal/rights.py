"""What each role may do: one declared table, to which each app adds its own rights.

The roles guide shows it, and tests hold every page and every call of the Management API to it: who adds a route adds it here.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from portal.models import Role


@dataclass(frozen=True)
class Right:
    """Something that members may do from `role` on.

    `routes` are the names of the URLs by which it is done, each behind its method: `"GET portal:members POST portal:invite"`; several names
    may follow one method.
    """

    words: str
    role: Role
    routes: str

    def calls(self) -> Iterator[tuple[str, str]]:
        """Method and name."""
        method = ""
        for word in self.routes.split():
            if word.isupper():
                method = word
            else:
                yield method, word


_rights: list[Right] = []


def register_rights(*rights: Right) -> None:
    """Called from `AppConfig.ready`."""
    _rights.extend(right for right in rights if right not in _rights)


def list_rights(role: Role) -> list[Right]:
    """Those that begin with this role, in the order of the apps."""
    return [right for right in _rights if right.role is role]


def role_for(method: str, route: str) -> Role | None:
    """The smallest role that may; None for what is not in the table."""
    return next((right.role for right in _rights if (method, route) in right.calls()), None)


PORTAL = (
    Right("See the members and their roles, and leave", Role.READ,
          "GET portal:tenant portal:members portal:leave portal-api:tenant portal-api:members"
          " POST portal:tenant-switch portal:leave portal-api:leave"),
    Right("See the usage, the statements and the plan", Role.READ,
          "GET portal:usage portal-api:usage portal-api:usage-csv portal-api:usage-pdf portal-api:subscription"),
    Right("Invite people, change and remove members, up to the own role", Role.ADMIN,
          "GET portal:member-remove portal-api:invitations PATCH portal-api:member"
          " POST portal:invite portal:member-role portal:member-remove portal:invitation-resend"
          " portal:invitation-withdraw portal-api:invitations portal-api:invitation-resend"
          " DELETE portal-api:member portal-api:invitation"),
    Right("Rename the tenant, and require two-step sign-in of its members", Role.ADMIN,
          "GET portal:settings POST portal:settings portal:mfa-rule PATCH portal-api:tenant"),
    Right("Start the trial and subscribe", Role.ADMIN, "PUT portal-api:subscription"),
    Right("Read the audit log: who changed what", Role.ADMIN, "GET portal:audit portal-api:audit-events"),
    Right("Manage webhooks, and see what was delivered to whom", Role.ADMIN,
          "GET portal:notifications portal-api:webhooks portal-api:webhook portal-api:deliveries"
          " POST portal:notifications portal:webhook-change portal:webhook-secret portal:webhook-test"
          " portal:webhook-delete portal:delivery-resend portal-api:webhooks portal-api:webhook-secret"
          " portal-api:webhook-test portal-api:delivery-resend PATCH portal-api:webhook DELETE portal-api:webhook"),
    Right("See and revoke the tokens that were made for the tenant", Role.ADMIN,
          "GET portal-api:tenant-tokens DELETE portal-api:tenant-token"),
    Right("Transfer the tenant, delete it, and take a deletion back", Role.OWNER,
          "GET portal:transfer portal:delete POST portal:transfer portal:delete portal-api:transfer"
          " DELETE portal-api:tenant"),
)  # fmt: skip
